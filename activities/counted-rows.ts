import type { Folder } from '../src/store/store.ts';
import { ROW_IDS_FILE } from './load-rows.ts';

/**
 * Which row of a key counts, where a table holds some twice: by key, as `loadRows` wrote it down.
 * `null`: no table of this kind, every row counts.
 */
export async function countedRows(folder: Folder): Promise<ReadonlyMap<string, string> | null> {
  if (!(await folder.exists(ROW_IDS_FILE))) return null;
  const counted = new Map<string, string>();
  for await (const line of folder.lines(ROW_IDS_FILE)) {
    // Written by loadRows in this shape.
    const { key, id } = JSON.parse(line) as { key: string; id: string };
    counted.set(key, id);
  }
  return counted;
}
