import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './disk-error.ts';

export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** Errors of network file systems and of Windows, which cannot sync a folder. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES', 'EBADF']);

/** Syncs a folder, so that renames and new files survive a power failure. */
export const syncFolder = async (path: string): Promise<void> => {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!CANNOT_SYNC.has(errnoOf(error) ?? '')) throw error;
  }
};

/** Creates the folder and missing parents, accessible only by the owner. */
export const makeFolder = async (path: string): Promise<void> => {
  const first = await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  // The entry of each new folder is in its parent.
  const top = dirname(first);
  let at = path;
  do {
    at = dirname(at);
    await syncFolder(at);
  } while (at !== top && at !== dirname(at));
};
