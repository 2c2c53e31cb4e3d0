import { z } from 'zod';
import type { Column } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import { mayLeaveOut } from '../../src/rules/cells/refused-rows.ts';
import type { Folder } from '../../src/store/store.ts';

/** Refusals of the API: whole rows, or other inputs of rows that are in a lasting table. */
type Refusal = 'row' | 'changed inputs';

const FILES: Readonly<Record<Refusal, string>> = {
  row: 'refused-rows.jsonl',
  'changed inputs': 'refused-inputs.jsonl',
};

const Line = z.object({ key: z.string(), reason: z.string() });

/**
 * Reads the reasons of the API for refused rows or inputs, by key; each scan of the results needs
 * them.
 */
export async function readRefusedRows(folder: Folder): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  for (const file of Object.values(FILES)) {
    if (!(await folder.exists(file))) continue;
    for await (const line of folder.lines(file)) {
      const { key, reason } = Line.parse(JSON.parse(line));
      refused.set(key, reason);
    }
  }
  return refused;
}

/** A part of a scan's file for a row that the API refused: each of its cells is blocked. */
export function refusedPart(ordinal: number, reason: string, columns: readonly Column[]): string {
  const cells = Object.fromEntries(
    columns.map(({ key }) => [key, { status: 'blocked', value: null }]),
  );
  const open = columns.map(({ key }) => ({
    column: key,
    status: 'blocked',
    reason,
    inFlight: false,
    startable: false,
  }));
  return `${ordinal}\t""\t${JSON.stringify(cells)}\t${JSON.stringify(open)}`;
}

/** A refusal of rows that says nothing of others: the same rows in two requests may be taken. */
export const isRefusalOfRows = (error: unknown): error is RowmillError =>
  error instanceof RowmillError &&
  ['request_refused', 'request_too_large'].includes(error.code) &&
  !error.ambiguous;

/** Rows that the API has refused one by one, while the others are loaded or changed. */
export class RefusedRows {
  readonly #what: Refusal;
  readonly #where: string;
  readonly #listed: number;
  readonly #reasons = new Map<string, string>();
  #inARow = 0;

  /** @param listed Rows of which only few may be refused */
  constructor(what: Refusal, where: string, listed: number) {
    this.#what = what;
    this.#where = where;
    this.#listed = listed;
  }

  get size(): number {
    return this.#reasons.size;
  }

  has = (key: string): boolean => this.#reasons.has(key);

  taken(): void {
    this.#inARow = 0;
  }

  /** @throws RowmillError `rows_refused` when it is not for the row */
  add(key: string, error: RowmillError, inTable: number): void {
    this.#reasons.set(key, `the API refused the ${this.#what}: ${error.what}`);
    this.#inARow += 1;
    const { size } = this;
    if (mayLeaveOut({ rows: size, inARow: this.#inARow }, this.#listed)) return;
    const what =
      `${size} of ${this.#listed} rows are refused, ${inTable} are in the table; ` +
      `the last, ${key}: ${error.what}`;
    throw new RowmillError('rows_refused', what, { cause: error, where: this.#where });
  }

  async keep(folder: Folder): Promise<void> {
    const file = FILES[this.#what];
    if (this.size === 0) {
      await folder.remove(file);
      return;
    }
    const draft = await folder.create(file);
    try {
      for (const [key, reason] of this.#reasons) await draft.line(JSON.stringify({ key, reason }));
      await draft.commit();
    } finally {
      await draft.discard();
    }
  }
}
