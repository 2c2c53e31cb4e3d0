import { RUN_FILE } from '../../contract/names.ts';
import type { SnapshotRow } from '../../contract/rows.ts';
import type { Folder } from '../../store/store.ts';

/** Maximum columns of a CSV; names beyond are included in JSON Lines only. */
export const MAX_SOURCE_COLUMNS = 1_000;

/** Source columns that the rows include, in the order they first appeared. */
export class SourceColumns {
  readonly #names = new Set<string>();
  /** True if rows had more columns than these. */
  hasMore = false;

  get names(): string[] {
    return [...this.#names];
  }

  see({ source }: Pick<SnapshotRow, 'source'>): void {
    for (const name in source) {
      if (this.#names.size < MAX_SOURCE_COLUMNS) this.#names.add(name);
      else this.hasMore ||= !this.#names.has(name);
    }
  }
}

/** Stores the columns beside the rows: a CSV needs them before its first row. */
export const writeColumns = (folder: Folder, names: readonly string[]): Promise<void> =>
  folder.writeJson(RUN_FILE.columns, { source: names });

/** Reads the columns; `null` if the run's version did not write them. */
export async function readColumns(folder: Folder): Promise<string[] | null> {
  if (!(await folder.exists(RUN_FILE.columns))) return null;
  const found = await folder.readJson(RUN_FILE.columns);
  const names: unknown =
    typeof found === 'object' && found !== null ? Reflect.get(found, 'source') : [];
  return Array.isArray(names) ? names.map(String) : [];
}
