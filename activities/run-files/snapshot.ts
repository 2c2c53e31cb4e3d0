import type { Json } from '../../src/contract/json.ts';
import { RUN_FILE } from '../../src/contract/names.ts';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Folder } from '../../src/store/store.ts';

/** The frozen rows in the run's folder. */
export const SNAPSHOT_FILE = RUN_FILE.rows;

/** Rows of the snapshot in the order of the input. */
export async function* snapshotRows(folder: Folder): AsyncGenerator<SnapshotRow> {
  let line = 0;
  for await (const text of folder.lines(SNAPSHOT_FILE)) {
    line += 1;
    const { key, input } = parseRow(text, `${folder.locate(SNAPSHOT_FILE)}:${line}`);
    // Only key and input: fields for the results would fill the memory of a batch.
    yield { key, input };
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

/**
 * Index from keys to rows of the snapshot. Pages nearly always arrive in its order: then it is read
 * along with them, and no key is kept. From the first key out of order on, all keys are in memory.
 */
export class RowIndex {
  readonly #folder: Folder;
  readonly #lines: AsyncIterator<string>;
  /** Lines read so far. */
  #read = 0;
  /** Read, and not come yet. */
  #expected: string | null = null;
  #all: Map<string, number> | null = null;
  readonly #pick: ((row: SnapshotRow) => RowFields) | null;
  /** Fields by row: of the last keys, or of all rows once a key was out of order. */
  #fields = new Map<number, RowFields>();
  #expectedLine = '';

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
      if (this.#all === null && this.#expected === null) {
        const next = await this.#lines.next();
        this.#read += 1;
        if (next.done !== true) {
          this.#expected = snapshotKey(next.value, this.#folder);
          this.#expectedLine = next.value;
        }
      }
      if (this.#all === null && this.#expected === key) {
        this.#expected = null;
        this.#keep(this.#read - 1, this.#expectedLine);
        found.push(this.#read - 1);
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

  #keep(ordinal: number, line: string): void {
    if (this.#pick === null) return;
    const row = parseRow(line, this.#folder.locate(SNAPSHOT_FILE));
    this.#fields.set(ordinal, this.#pick(row));
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#lines.return?.();
  }

  async #readAll(): Promise<Map<string, number>> {
    const all = new Map<string, number>();
    for await (const line of this.#folder.lines(SNAPSHOT_FILE)) {
      this.#keep(all.size, line);
      all.set(snapshotKey(line, this.#folder), all.size);
    }
    return all;
  }
}
