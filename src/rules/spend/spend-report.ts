import type {
  ColumnSpend,
  LedgerLine,
  PassAccount,
  PassLine,
  SpendBy,
  SpendGroup,
  SpendReport,
  SpendSums,
} from '../../contract/spend.ts';

import { weightOf } from './spend.ts';

/** Price of the cells of a pass, by column. */
export function columnSpend(
  cells: Readonly<Record<string, number>>,
  { creditsPerCell, weights }: Pick<PassAccount, 'creditsPerCell' | 'weights'>,
): Record<string, ColumnSpend> {
  return Object.fromEntries(
    Object.entries(cells).map(([key, count]) => [
      key,
      { cells: count, credits: exact(count * weightOf(weights, key) * creditsPerCell) },
    ]),
  );
}

export const sumOfColumns = (columns: Readonly<Record<string, ColumnSpend>>): number =>
  exact(Object.values(columns).reduce((sum, { credits }) => sum + credits, 0));

/** Sums the lines of a ledger by group. The newest day, and else the dearest group, comes first. */
export function spendReport(
  lines: readonly LedgerLine[],
  by: SpendBy,
  since: string | null,
): SpendReport {
  const groups = new Map<string, Sums>();
  const total = new Sums(true);
  const sumsOf = (name: string): Sums => {
    const known = groups.get(name) ?? new Sums(by !== 'column');
    groups.set(name, known);
    return known;
  };
  for (const line of lines) {
    total.add(line);
    if (by !== 'column') sumsOf(nameOf(line, by)).add(line);
    else if (line.type === 'pass') {
      for (const [key, column] of Object.entries(line.columns)) sumsOf(key).addPass(line, column);
    }
  }
  const named = [...groups].map(([name, sums]): SpendGroup => ({ name, ...sums.result() }));
  named.sort((a, b) =>
    by === 'day' ? compare(b.name, a.name) : b.credits - a.credits || compare(a.name, b.name),
  );
  return { by, since, groups: named, total: total.result() };
}

const nameOf = (line: LedgerLine, by: Exclude<SpendBy, 'column'>): string => {
  if (by === 'day') return line.at.slice(0, 10);
  return by === 'pipeline' ? line.pipeline : line.run;
};

class Sums {
  readonly #ofRuns: boolean;
  readonly #runs = new Set<string>();
  #passes = 0;
  #cells = 0;
  #credits = 0;
  #unconfirmed = 0;
  #cancelled = 0;
  #balance: number | null = null;

  /** @param ofRuns Whether the lines of runs belong to the group as well */
  constructor(ofRuns: boolean) {
    this.#ofRuns = ofRuns;
  }

  add(line: LedgerLine): void {
    if (line.type === 'pass') {
      const cells = Object.values(line.columns).reduce((sum, column) => sum + column.cells, 0);
      this.addPass(line, { cells, credits: line.credits });
      return;
    }
    this.#runs.add(`${line.run}\n${line.firstRunId}`);
    this.#cancelled += line.creditsCancelled;
    const { balanceChange } = line.reported;
    if (balanceChange !== null) this.#balance = (this.#balance ?? 0) + balanceChange;
  }

  addPass(line: PassLine, { cells, credits }: ColumnSpend): void {
    this.#runs.add(`${line.run}\n${line.firstRunId}`);
    this.#passes += 1;
    this.#cells += cells;
    this.#credits += credits;
    if (!line.accepted) this.#unconfirmed += credits;
  }

  result(): SpendSums {
    return {
      runs: this.#runs.size,
      passes: this.#passes,
      cells: this.#cells,
      credits: exact(this.#credits),
      creditsUnconfirmed: exact(this.#unconfirmed),
      creditsCancelled: this.#ofRuns ? exact(this.#cancelled) : null,
      balanceChange: this.#balance === null ? null : exact(this.#balance),
    };
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Sums of binary fractions end in 0000000000004; no price is as small as what is cut off. */
const exact = (credits: number): number => Number(credits.toFixed(9));
