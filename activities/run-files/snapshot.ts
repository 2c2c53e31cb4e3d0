import type { Json } from '../../src/contract/json.ts';
import { RUN_FILE } from '../../src/contract/names.ts';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Folder } from '../../src/store/store.ts';

/** The frozen rows in the run's folder. */
export const SNAPSHOT_FILE = RUN_FILE.rows;

/** Rows of the snapshot in the order of the input, with key and input only. */
export async function* snapshotRows(folder: Folder): AsyncGenerator<SnapshotRow> {
  // Fields for the results would fill the memory of a batch.
  for await (const { key, input } of wholeRows(folder)) yield { key, input };
}

/** Rows of the snapshot in the order of the input. */
export async function* wholeRows(folder: Folder): AsyncGenerator<SnapshotRow> {
  let line = 0;
  for await (const text of folder.lines(SNAPSHOT_FILE)) {
    line += 1;
    yield parseRow(text, `${folder.locate(SNAPSHOT_FILE)}:${line}`);
  }
}

/** Fields of a row, by name. */
export type RowFields = Readonly<Record<string, Json>>;

const KEY_FROM = '{"key":'.length;

/** Text after the key in a line of the snapshot. */
export const INPUT_MARK = ',"input":';

/**
 * The key of a line of the snapshot. `takeSnapshot` writes it first, and `JSON.stringify` keeps that
 * order: the row itself, which may be long, is not parsed.
 */
export function snapshotKey(line: string, folder: Folder): string {
  try {
    return JSON.parse(line.slice(KEY_FROM, line.indexOf(INPUT_MARK))) as string;
  } catch (cause) {
    const where = folder.locate(SNAPSHOT_FILE);
    throw new RowmillError('snapshot_changed', 'not a row', { where, cause });
  }
}

export function parseRow(text: string, where: string): SnapshotRow {
  try {
    // Written by takeSnapshot and checked by digest when the run began.
    return JSON.parse(text) as SnapshotRow;
  } catch (cause) {
    throw new RowmillError('snapshot_changed', 'not a row', { where, cause });
  }
}

/** Rows that are read ahead for a key: requests that were sent at once may have changed places. */
const MAX_AHEAD = 1_000;

/**
 * Index from keys to rows of the snapshot. Pages arrive nearly in its order: then it is read along with
 * them, and few keys are kept. From the first key on that is out of place, all keys are in memory.
 */
export class RowIndex {
  readonly #folder: Folder;
  readonly #lines: AsyncIterator<string>;
  /** Lines read so far. */
  #read = 0;
  /** Rows by key that were read, and have not come yet. */
  readonly #ahead = new Map<string, { ordinal: number; fields: RowFields | null }>();
  #all: Map<string, number> | null = null;
  readonly #pick: ((row: SnapshotRow) => RowFields) | null;
  /** Fields by row: of the last keys, or of all rows once a key was out of order. */
  #fields = new Map<number, RowFields>();

  /** @param pick Fields of a row to return as well */
  constructor(folder: Folder, pick: ((row: SnapshotRow) => RowFields) | null = null) {
    this.#folder = folder;
    this.#pick = pick;
    this.#lines = folder.lines(SNAPSHOT_FILE)[Symbol.asyncIterator]();
  }

  /** The next keys of the snapshot have come already. */
  async skip(rows: number): Promise<void> {
    for (; this.#read < rows; this.#read += 1) await this.#lines.next();
  }

  /** Returns one index per key; `undefined` for a foreign key, or for none. */
  async of(keys: readonly (string | null)[]): Promise<(number | undefined)[]> {
    const found: (number | undefined)[] = [];
    if (this.#all === null) this.#fields.clear();
    for (const key of keys) {
      if (key === null) {
        found.push(undefined);
        continue;
      }
      const next = this.#all === null ? await this.#nearby(key) : null;
      if (next !== null) {
        found.push(next);
        continue;
      }
      this.#all ??= await this.#readAll();
      found.push(this.#all.get(key));
    }
    return found;
  }

  /** Returns the picked fields of a row of the last keys. */
  fields(ordinal: number): RowFields {
    return this.#fields.get(ordinal) ?? {};
  }

  /** Returns the index of a key that has not come yet; `null`: it is not among the next rows. */
  async #nearby(key: string): Promise<number | null> {
    while (!this.#ahead.has(key) && this.#ahead.size < MAX_AHEAD) {
      const next = await this.#lines.next();
      if (next.done === true) break;
      const row = { ordinal: this.#read, fields: this.#picked(next.value) };
      this.#ahead.set(snapshotKey(next.value, this.#folder), row);
      this.#read += 1;
    }
    const row = this.#ahead.get(key);
    if (row === undefined) return null;
    this.#ahead.delete(key);
    if (row.fields !== null) this.#fields.set(row.ordinal, row.fields);
    return row.ordinal;
  }

  #picked(line: string): RowFields | null {
    return this.#pick?.(parseRow(line, this.#folder.locate(SNAPSHOT_FILE))) ?? null;
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#lines.return?.();
  }

  async #readAll(): Promise<Map<string, number>> {
    this.#ahead.clear();
    const all = new Map<string, number>();
    for await (const line of this.#folder.lines(SNAPSHOT_FILE)) {
      const fields = this.#picked(line);
      if (fields !== null) this.#fields.set(all.size, fields);
      all.set(snapshotKey(line, this.#folder), all.size);
    }
    return all;
  }
}
