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

  constructor(folder: Folder) {
    this.#folder = folder;
    this.#lines = folder.lines(SNAPSHOT_FILE)[Symbol.asyncIterator]();
  }

  /** The next keys of the snapshot have come already. */
  async skip(rows: number): Promise<void> {
    for (; this.#read < rows; this.#read += 1) await this.#lines.next();
  }

  /** Returns one index per key; `undefined` for a foreign key, or for none. */
  async of(keys: readonly (string | null)[]): Promise<(number | undefined)[]> {
    const found: (number | undefined)[] = [];
    for (const key of keys) {
      if (key === null) {
        found.push(undefined);
        continue;
      }
      if (this.#all === null && this.#expected === null) {
        const next = await this.#lines.next();
        this.#read += 1;
        if (next.done !== true) this.#expected = snapshotKey(next.value, this.#folder);
      }
      if (this.#all === null && this.#expected === key) {
        this.#expected = null;
        found.push(this.#read - 1);
        continue;
      }
      this.#all ??= await this.#readAll();
      found.push(this.#all.get(key));
    }
    return found;
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#lines.return?.();
  }

  async #readAll(): Promise<Map<string, number>> {
    const all = new Map<string, number>();
    for await (const line of this.#folder.lines(SNAPSHOT_FILE))
      all.set(snapshotKey(line, this.#folder), all.size);
    return all;
  }
}
