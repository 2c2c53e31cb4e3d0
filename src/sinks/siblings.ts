import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../store/disk-error.ts';
import { syncFolder } from '../store/folders.ts';
import { realDestination } from './destination.ts';
import { landing } from './sink-error.ts';

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
