import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './disk-error.ts';

export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** Network file systems and Windows that cannot sync a folder say one of these. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES', 'EBADF']);

/** Makes names in the folder (a rename, a new file) outlive a power cut. */
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

/** Makes the folder and those above it that are missing, for the owner only. */
export const makeFolder = async (path: string): Promise<void> => {
  const first = await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  // The entry of each new folder lives in the folder above it.
  const top = dirname(first);
  let at = path;
  do {
    at = dirname(at);
    await syncFolder(at);
  } while (at !== top && at !== dirname(at));
};
