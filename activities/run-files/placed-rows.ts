import type { Draft, Folder } from '../../src/store/store.ts';

const PLACED_ROWS_FILE = 'placed-rows.jsonl';

/** A row of the table: its key, and its id as a reply or a page gave it. */
export interface PlacedRow {
  key: string;
  id: string;
}

/** Rows of a table in the order in which they were added; `null`: they were not kept. */
export const placedRows = async (folder: Folder): Promise<AsyncGenerator<PlacedRow> | null> =>
  (await folder.exists(PLACED_ROWS_FILE)) ? linesOf(folder) : null;

async function* linesOf(folder: Folder): AsyncGenerator<PlacedRow> {
  // Written below in this shape.
  for await (const line of folder.lines(PLACED_ROWS_FILE)) yield JSON.parse(line) as PlacedRow;
}

/** Writes down where the rows of a table are, for requests that have to name them. */
export class PlacedRows {
  readonly #folder: Folder;
  #draft: Draft | null = null;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Starts again with the rows that the table was found to have. */
  async restart(present: ReadonlyMap<string, string>): Promise<void> {
    await this.close();
    this.#draft = null;
    await this.note([...present.keys()], [...present.values()]);
  }

  async note(keys: readonly string[], ids: readonly string[]): Promise<void> {
    this.#draft ??= await this.#folder.create(PLACED_ROWS_FILE);
    for (const [at, key] of keys.entries()) {
      await this.#draft.line(JSON.stringify({ key, id: ids[at] }));
    }
  }

  /** Completes the file: all rows are present, each once. */
  async keep(): Promise<void> {
    await this.#draft?.commit();
  }

  /** Closes the file without an effect on what is kept. */
  async close(): Promise<void> {
    await this.#draft?.discard();
  }

  async forget(): Promise<void> {
    await this.#folder.remove(PLACED_ROWS_FILE);
  }
}
