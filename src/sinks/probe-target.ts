import { open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ResultTarget } from '../contract/pipeline.ts';
import { errnoOf } from '../store/disk-error.ts';
import { FILE_MODE } from '../store/folders.ts';
import { draftNameOf } from '../store/leftovers.ts';
import { placeOf } from './destination.ts';
import { mapWriteErrors, sinkError } from './sink-error.ts';
import { readTargetState } from './standing.ts';

/**
 * Checks that results can be written to a file: writes and removes a test file. Creates no folders;
 * if the target's is missing, checks the nearest parent. Throws `sink_unwritable` with path and
 * reason.
 */
export const probeTarget = async (target: ResultTarget, pipeline: string): Promise<void> => {
  const place = await placeOf(target.to);
  await readTargetState(target.to, place, pipeline);
  const destination = place.results;
  await mapWriteErrors(target.to, async () => {
    const folder = await nearestFolder(dirname(destination), target.to);
    const probe = join(folder, draftNameOf(basename(destination)));
    try {
      const handle = await open(probe, 'wx', FILE_MODE);
      try {
        // A full disk often fails only at a real write.
        await handle.writeFile('rowmill');
        await handle.sync();
      } finally {
        await handle.close();
      }
    } finally {
      await rm(probe, { force: true });
    }
  });
};

const nearestFolder = async (path: string, target: string): Promise<string> => {
  try {
    if ((await stat(path)).isDirectory()) return path;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return nearestFolder(dirname(path), target);
  }
  throw sinkError(target, `${path} is a file, not a folder`);
};
