import { RUN_FILE } from '../../src/contract/names.ts';
import { readNight } from '../../src/nights/night.ts';
import type { Folder } from '../../src/store/store.ts';
import { SNAPSHOT_FILE } from './snapshot.ts';

/** End of the line of a row that left the source, which `openNight` writes last. */
export const VANISHED_END = ',"vanished":true}';

/** Checks a line of the snapshot for the mark of a row that left the source. */
export const hasVanished = (snapshotLine: string): boolean => snapshotLine.endsWith(VANISHED_END);

/**
 * Returns the place of the first row that left the source; `null`: none did. Such rows come last in
 * the snapshot of a night, and of its reruns.
 */
export async function firstVanished(folder: Folder): Promise<number | null> {
  const night = await readNight(folder);
  const mayHave =
    night === null ? await folder.exists(RUN_FILE.previousRun) : night.rowsVanished > 0;
  if (!mayHave) return null;
  let place = 0;
  for await (const line of folder.lines(SNAPSHOT_FILE)) {
    if (hasVanished(line)) return place;
    place += 1;
  }
  return null;
}
