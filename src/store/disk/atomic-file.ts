import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RowmillError } from '../../errors.ts';
import { fence } from '../../fence.ts';
import { FILE_MODE, makeFolder, syncFolder } from './folders.ts';
import { draftNameOf } from './temp-files.ts';

/** File that appears under its name complete or not at all. Throws the file system's errors. */
export interface AtomicFile {
  /** Writes a chunk; await each call before the next. */
  write(chunk: Uint8Array): Promise<void>;
  /** Syncs, renames into place and syncs the folder; removes the draft on failure. */
  commit(): Promise<{ bytes: number; sha256: string }>;
  /** Removes the draft; does nothing after `commit`. */
  discard(): Promise<void>;
}

/** Opens a draft beside `path`, creating the folder if missing. */
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
        await fence().change(() => rename(draft, path));
      } catch (error) {
        // Report the first error, not this one.
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
