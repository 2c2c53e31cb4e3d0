import { refusedKeys, type Evidence } from '../../support/invariants/evidence.ts';
import { leftHalfLoaded, rowsTwice } from '../../support/invariants/index.ts';
import type { Simulated } from './simulate.ts';
import type { ChaosScript } from './script.ts';

/** Totals of a number of runs; ratios R9 and R10 of the guarantees. */
interface Line {
  runs: number;
  /** Live tables of these runs. */
  tables: number;
  /** Runs that came to have one. */
  withTable: number;
  rowsLost: number;
  rowsDoubled: number;
  /**
   * Rows of runs cut short while their rows were loaded, or where no row can be deleted: never
   * paid.
   */
  rowsLeftTwice: number;
  cellsNeeded: number;
  cellsPaid: number;
  resultsWrong: number;
  hung: number;
}

const empty = (): Line => ({
  runs: 0,
  tables: 0,
  withTable: 0,
  rowsLost: 0,
  rowsDoubled: 0,
  rowsLeftTwice: 0,
  cellsNeeded: 0,
  cellsPaid: 0,
  resultsWrong: 0,
  hung: 0,
});

/** Sums up runs by their faults; a run counts in every line that applies to it. */
export class Stats {
  readonly #lines = new Map<string, Line>();

  add(script: ChaosScript, played: Simulated): void {
    for (const name of [...struckFaults(script, played), 'all']) {
      const line = this.#lines.get(name) ?? empty();
      this.#lines.set(name, line);
      addTo(line, played);
    }
  }

  /** Markdown. */
  render(): string {
    const names = [...this.#lines.keys()].filter((name) => name !== 'all').sort();
    const head = [
      'fault',
      'runs',
      'tables ÷ wanted',
      'rows lost',
      'rows doubled',
      'left twice, unpaid',
      'cells needed',
      'cells paid',
      'paid ÷ needed',
      'results wrong',
      'runs that hung',
    ];
    const rows = [...names, 'all'].flatMap((name) => {
      const line = this.#lines.get(name);
      return line === undefined ? [] : [cells(name, line)];
    });
    const widths = head.map((_, at) =>
      Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)),
    );
    const text = (row: string[]): string =>
      `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
    const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
    return [text(head), rule, ...rows.map(text)].join('\n');
  }
}

const whole = (value: number): string => value.toLocaleString('en-US');
const ratio = (of: number, to: number): string => (to === 0 ? '–' : (of / to).toFixed(2));

const cells = (name: string, line: Line): string[] => [
  name,
  whole(line.runs),
  ratio(line.tables, line.withTable),
  whole(line.rowsLost),
  whole(line.rowsDoubled),
  whole(line.rowsLeftTwice),
  whole(line.cellsNeeded),
  whole(line.cellsPaid),
  ratio(line.cellsPaid, line.cellsNeeded),
  whole(line.resultsWrong),
  whole(line.hung),
];

function addTo(line: Line, { evidence, breaches, hung }: Simulated): void {
  const { tables, wanted } = evidence;
  const refused = refusedKeys(evidence);
  line.runs += 1;
  line.tables += tables.length;
  line.withTable += tables.length > 0 ? 1 : 0;
  for (const table of tables) {
    const keys = new Set(table.rows.map(({ key }) => key));
    const halfLoaded = leftHalfLoaded(table, evidence);
    line[halfLoaded ? 'rowsLeftTwice' : 'rowsDoubled'] += rowsTwice(table);
    line.rowsLeftTwice += table.rowsLeftTwice ?? 0;
    if (!evidence.finished.has('loadRows')) continue;
    const missing = wanted.filter(({ key }) => !keys.has(key) && !refused.has(key)).length;
    // A run that was terminated has published no quarantine to name the refused ones.
    line.rowsLost += Math.max(0, missing - (evidence.summary === null ? evidence.rowsRefused : 0));
  }
  line.cellsPaid += evidence.cellsPaid;
  line.cellsNeeded += needed(evidence);
  line.resultsWrong += breaches.some((what) => what.startsWith('I4')) ? 1 : 0;
  line.hung += hung ? 1 : 0;
}

/** One start for each answer or cell in progress, for each failure before, and for what was cancelled meanwhile. */
function needed({ tables, columns }: Evidence): number {
  const ours = new Set(columns.map(({ key }) => key));
  let sum = 0;
  for (const { cells: accounts, inFlight } of tables) {
    const inProgress = new Set(inFlight);
    for (const { rowId, column, done, failed, lost, starts } of accounts) {
      if (!ours.has(column)) continue;
      const going = inProgress.has(`${rowId}/${column}`) ? 1 : 0;
      // One that is asked for again, and waits for its turn, has not been started again yet.
      sum += Math.min(starts, Math.min(done, 1) + failed + lost + going);
    }
  }
  return sum;
}

/** Describes the faults that really struck. */
function struckFaults(script: ChaosScript, { hits, trace, evidence }: Simulated): string[] {
  const struck = Object.entries(hits).filter(([, times]) => times > 0);
  const names = new Set(struck.map(([name]) => `api: ${name.split(' ')[0] ?? name}`));
  if (trace.some((what) => what.endsWith('worker killed'))) names.add('worker killed');
  for (const how of ['cut off', 'stands still']) {
    if (trace.some((what) => what.endsWith(`worker ${how}`))) names.add(`worker ${how}`);
  }
  if (trace.some((what) => what.endsWith('continued as new'))) names.add('continued as new');
  if (script.stages !== undefined) names.add(`stages: ${script.stages}`);
  if (script.lost.length > 0) names.add('result of a step lost');
  for (const { do: what, with: input } of script.actions) {
    names.add(`action: ${what}${input?.disk === undefined ? '' : ` ${input.disk}`}`);
  }
  for (const name of rerunEnds(evidence)) names.add(name);
  if (trace.some((what) => what.includes('rerun: attached'))) names.add('rerun: wanted by two');
  if (trace.some((what) => what.endsWith('in progress')))
    names.add('rerun: wanted while one lives');
  if (trace.some((what) => what.includes(' expired: '))) names.add('rerun: of an expired run');
  if (names.size === 0) names.add('nothing');
  return [...names, `provider: ${script.provider}`];
}

/** Lists the ends of the runs that were rerun. */
function rerunEnds({ earlier }: Evidence): string[] {
  if (earlier === null) return [];
  const { summary, failure } = earlier;
  const how = failure?.type === 'TerminatedFailure' ? 'terminated' : (summary?.outcome ?? 'failed');
  const again = earlier.earlier === null ? [] : ['rerun: of a rerun'];
  return [`rerun: of one that was ${how}`, ...again, ...rerunEnds(earlier)];
}
