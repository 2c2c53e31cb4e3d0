import type { SnapshotRow } from '../../src/contract/rows.ts';
import type { Draft, Folder } from '../../src/store/store.ts';

const PLACED_ROWS_FILE = 'placed-rows.jsonl';

/** Ids of the rows of a table as the replies gave them, in order; `null`: they were not kept. */
export async function placedRows(folder: Folder): Promise<string[] | null> {
  if (!(await folder.exists(PLACED_ROWS_FILE))) return null;
  const ids: string[] = [];
  for await (const line of folder.lines(PLACED_ROWS_FILE)) {
    // Written below in this shape.
    ids.push((JSON.parse(line) as { id: string }).id);
  }
  return ids;
}

/** Writes down where the rows of a table are, for runs that have to name them. */
export class PlacedRows {
  readonly #folder: Folder;
  #draft: Draft | null = null;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  async note(rows: readonly SnapshotRow[], ids: readonly string[]): Promise<void> {
    this.#draft ??= await this.#folder.create(PLACED_ROWS_FILE);
    for (const [at, { key }] of rows.entries()) {
      await this.#draft.line(JSON.stringify({ key, id: ids[at] }));
    }
  }

  /** Completes the file: all rows are present, each once. */
  async keep(): Promise<void> {
    await this.#draft?.commit();
  }

  /** Without effect on what is kept. */
  async close(): Promise<void> {
    await this.#draft?.discard();
  }

  async forget(): Promise<void> {
    await this.#folder.remove(PLACED_ROWS_FILE);
  }
}
