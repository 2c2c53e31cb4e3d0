import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { byFolder, type FoundFile, LEVELS, PART_FOLDER } from '../aged-folders.ts';
import type { AgedFolder, AgedPart } from '../store.ts';
import { errnoOf } from './disk-error.ts';
import { draftNameOf } from './temp-files.ts';

/** Lists the folders of a part in a store on disk. */
export async function agedOnDisk(root: string, part: AgedPart): Promise<AgedFolder[]> {
  const files: FoundFile[] = [];
  const visit = async (names: readonly string[]): Promise<void> => {
    for (const entry of await entriesOf(join(root, ...names))) {
      const own = [...names, entry.name];
      if (entry.isDirectory()) await visit(own);
      else {
        // Another process may have just renamed it.
        const found = await stat(join(root, ...own)).catch(() => null);
        if (found !== null) {
          files.push({ names: own, bytes: found.size, modifiedMs: found.mtimeMs });
        }
      }
    }
  };
  await visit([PART_FOLDER[part]]);
  return byFolder(part, files);
}

const entriesOf = async (path: string) => {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
};

/** Removes a folder: renamed first, so that no reader finds a part of it. */
export async function removeFromDisk(root: string, names: readonly string[]): Promise<void> {
  const path = join(root, ...names);
  const gone = join(root, draftNameOf('removed'));
  try {
    await rename(path, gone);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  await rm(gone, { recursive: true, force: true });
  // The folder of a workflow, once it has no run.
  if (names.length === LEVELS.runs) await rmdir(dirname(path)).catch(() => undefined);
}
