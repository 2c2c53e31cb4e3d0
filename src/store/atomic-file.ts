import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RowmillError } from '../errors.ts';
import { FILE_MODE, makeFolder, syncFolder } from './folders.ts';
import { draftNameOf } from './leftovers.ts';

/** A file that appears under its name whole or not at all. Errors are the file system's own. */
export interface AtomicFile {
  /** One at a time: wait before the next. */
  write(chunk: Uint8Array): Promise<void>;
  /** Syncs, renames into place and syncs the folder; removes the draft when that fails. */
  commit(): Promise<{ bytes: number; sha256: string }>;
  /** Removes the draft; nothing to do after `commit`. */
  discard(): Promise<void>;
}

/** Opens a draft beside `path`, making the folder when it is missing. */
export const openAtomicFile = async (path: string): Promise<AtomicFile> => {
  const folder = dirname(path);
  await makeFolder(folder);
  const draft = join(folder, draftNameOf(basename(path)));
  const handle = await open(draft, 'wx', FILE_MODE);
  const hash = createHash('sha256');
  let bytes = 0;
  let isOpen = true;

  const discard = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    try {
      await handle.close();
    } finally {
      await rm(draft, { force: true });
    }
  };

  return {
    write: async (chunk) => {
      if (!isOpen) throw new RowmillError('internal', 'write to a closed file', { where: path });
      hash.update(chunk);
      bytes += chunk.length;
      await handle.writeFile(chunk);
    },
    commit: async () => {
      if (!isOpen) throw new RowmillError('internal', 'commit of a closed file', { where: path });
      try {
        await handle.sync();
        await handle.close();
        await rename(draft, path);
      } catch (error) {
        // What went wrong first is what counts.
        await discard().catch(() => undefined);
        throw error;
      }
      isOpen = false;
      await syncFolder(folder);
      return { bytes, sha256: hash.digest('hex') };
    },
    discard,
  };
};
