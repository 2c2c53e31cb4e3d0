import type { Folder } from '../store/store.ts';

/**
 * Cells of earlier rows whose inputs or config changed, and that were not asked for since. They lie
 * in the folder of the run that found them; the next run carries on those it did not ask for.
 */
export const OUTDATED_FILE = 'outdated-cells.jsonl';

/** Line of that file: computed columns of one row. */
export interface OutdatedRow {
  key: string;
  columns: string[];
}

export async function* readOutdated(folder: Folder): AsyncGenerator<OutdatedRow> {
  if (!(await folder.exists(OUTDATED_FILE))) return;
  // Written by `writeOutdated` in this shape.
  for await (const line of folder.lines(OUTDATED_FILE)) yield JSON.parse(line) as OutdatedRow;
}

/** Reads that file whole: columns by row key. */
export async function outdatedCells(folder: Folder): Promise<Map<string, Set<string>>> {
  const outdated = new Map<string, Set<string>>();
  for await (const { key, columns } of readOutdated(folder)) outdated.set(key, new Set(columns));
  return outdated;
}

export async function writeOutdated(
  folder: Folder,
  rows: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<void> {
  const draft = await folder.create(OUTDATED_FILE);
  try {
    for (const [key, columns] of rows) {
      if (columns.size > 0) await draft.line(JSON.stringify({ key, columns: [...columns] }));
    }
    await draft.commit();
  } finally {
    await draft.discard();
  }
}
