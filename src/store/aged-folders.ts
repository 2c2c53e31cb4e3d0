import { EXPORTS_FOLDER } from '../contract/names.ts';
import { LAYOUT } from './layout.ts';
import type { AgedFolder, AgedPart } from './store.ts';

/** Levels of folders from the root of the store to a folder of the part. */
export const LEVELS: Record<AgedPart, number> = { runs: 3, staged: 2, exports: 2 };

/** Name of a part's folder in the store. */
export const PART_FOLDER: Record<AgedPart, string> = {
  runs: LAYOUT.runs,
  staged: LAYOUT.staged,
  exports: EXPORTS_FOLDER,
};

/** File found in the store. */
export interface FoundFile {
  /** Names from the root of the store. */
  names: readonly string[];
  bytes: number;
  modifiedMs: number;
}

/** Adds up files by their folder. */
export function byFolder(part: AgedPart, files: Iterable<FoundFile>): AgedFolder[] {
  const folders = new Map<string, AgedFolder>();
  for (const { names, bytes, modifiedMs } of files) {
    const own = names.slice(0, LEVELS[part]);
    if (names.length <= own.length) continue;
    const known = folders.get(own.join('/')) ?? { names: own, bytes: 0, writtenAtMs: 0 };
    folders.set(own.join('/'), {
      names: own,
      bytes: known.bytes + bytes,
      writtenAtMs: Math.max(known.writtenAtMs, modifiedMs),
    });
  }
  return [...folders.values()];
}
