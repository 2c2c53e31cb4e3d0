import { rm } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import type { ResultTarget } from '../contract/pipeline.ts';
import { errnoOf } from '../store/disk-error.ts';
import { syncFolder } from '../store/folders.ts';
import { realDestination } from './destination.ts';
import { landing } from './sink-error.ts';

/** Where the files beside the results go: `out/x.jsonl` → `out/x.quarantine.jsonl`, … */
export const siblingPaths = (target: ResultTarget): { quarantine: string; manifest: string } => {
  const { to } = target;
  const stem = to.slice(0, to.length - extname(to).length);
  return { quarantine: `${stem}.quarantine.jsonl`, manifest: `${stem}.manifest.json` };
};

/**
 * Takes away a file that an earlier publish left at `path` (a quarantine, when this run has none).
 * Nothing happens when there is none. Throws `sink_unwritable`.
 */
export const removeStale = async (path: string): Promise<void> => {
  const destination = await realDestination(path);
  await landing(path, async () => {
    try {
      await rm(destination);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    await syncFolder(dirname(destination));
  });
};
