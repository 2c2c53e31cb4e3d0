import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../../store/disk/disk-error.ts';
import { FILE_MODE, makeFolder } from '../../store/disk/folders.ts';
import { isGone } from '../../store/disk/process-owner.ts';
import type { LockPlace, Sleep } from './lock-place.ts';

/** Age after which a lock counts as left by a killed worker: locks last for some renames. */
const LEFT_AFTER_MS = 30_000;
const CHECK_EVERY_MS = 200;

async function take(file: string, owner: string, sleep: Sleep): Promise<void> {
  await makeFolder(dirname(file));
  let seen: { text: string | null; forMs: number } = { text: null, forMs: 0 };
  while (!(await create(file, owner))) {
    const text = await textOf(file);
    if (text === null) continue;
    const forMs = text === seen.text ? seen.forMs : 0;
    if (isGone(text) || forMs >= LEFT_AFTER_MS) {
      await breakLock(file, text, sleep);
      seen = { text: null, forMs: 0 };
      continue;
    }
    await sleep(CHECK_EVERY_MS);
    seen = { text, forMs: forMs + CHECK_EVERY_MS };
  }
}

/** Creates a lock; `false` if it exists. */
async function create(file: string, text: string): Promise<boolean> {
  let handle;
  try {
    handle = await open(file, 'wx', FILE_MODE);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await handle.writeFile(text);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return true;
}

/** Reads a lock; `null` if it does not exist. */
async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Removes a stale lock. Only one process may do so: a second one would remove the new lock of the
 * first.
 */
async function breakLock(file: string, text: string, sleep: Sleep): Promise<void> {
  const breaker = `${file}.break`;
  for (let waitedMs = 0; !(await makeBreaker(breaker)); waitedMs += CHECK_EVERY_MS) {
    if ((await textOf(file)) !== text) return;
    // Left by a process killed while it removed the lock.
    if (waitedMs >= LEFT_AFTER_MS) await rm(breaker, { recursive: true, force: true });
    await sleep(CHECK_EVERY_MS);
  }
  try {
    if ((await textOf(file)) === text) await rm(file, { force: true });
  } finally {
    await rm(breaker, { recursive: true, force: true });
  }
}

async function makeBreaker(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Locks in files on disk: one process alone can create a file. */
export const diskLock: LockPlace = {
  take,
  text: textOf,
  remove: (file) => rm(file, { force: true }),
};
