import type { Folder } from '../../src/store/store.ts';

export const ROW_IDS_FILE = 'row-ids.jsonl';

/** Writes down which row of each key counts. */
export async function writeRowIds(
  folder: Folder,
  { present }: { present: ReadonlyMap<string, string> },
): Promise<void> {
  const draft = await folder.create(ROW_IDS_FILE);
  try {
    for (const [key, id] of present) await draft.line(JSON.stringify({ key, id }));
    await draft.commit();
  } finally {
    await draft.discard();
  }
}

/** Reads which row of each key counts, line by line; nothing without the file. */
export async function* rowIdLines(folder: Folder): AsyncGenerator<{ key: string; id: string }> {
  if (!(await folder.exists(ROW_IDS_FILE))) return;
  for await (const line of folder.lines(ROW_IDS_FILE)) {
    // Written above in this shape.
    yield JSON.parse(line) as { key: string; id: string };
  }
}

/**
 * Reads which row of a key counts in a table with duplicates.
 * `null`: no table of this kind, every row counts.
 */
export async function readRowIds(folder: Folder): Promise<ReadonlyMap<string, string> | null> {
  if (!(await folder.exists(ROW_IDS_FILE))) return null;
  const rowIds = new Map<string, string>();
  for await (const { key, id } of rowIdLines(folder)) rowIds.set(key, id);
  return rowIds;
}
