import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../store/disk-error.ts';
import { FILE_MODE, makeFolder } from '../store/folders.ts';
import { mapWriteErrors, sinkError } from './sink-error.ts';

/** Age after which a lock counts as left by a killed worker: locks last for some renames. */
const LEFT_AFTER_MS = 30_000;
const LOOK_EVERY_MS = 200;

/** Owner of a lock. A process id alone may belong to another process by now. */
const ownerShape = z.object({ token: z.string(), machine: z.string(), pid: z.number() });
type Owner = z.infer<typeof ownerShape>;

/** Identifies the machine: processes of two containers may share a host name and have equal ids. */
function machineName(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
const MACHINE = machineName();
const PROCESS = randomUUID();

/** Waits; throws when the caller has stopped waiting. */
export type Sleep = (ms: number) => Promise<unknown>;

export interface HeldLocks {
  /**
   * Verifies ownership. @throws RowmillError `sink_unwritable` if another process has taken over
   * the locks
   */
  confirm(): Promise<void>;
}

/**
 * Runs `work` under file locks against all workers on machines that share the disk. Takes over a
 * lock whose owner is gone. Throws `sink_unwritable` if no lock can be created.
 */
export async function withLocks<T>(
  files: readonly string[],
  sleep: Sleep,
  work: (held: HeldLocks) => Promise<T>,
): Promise<T> {
  const taken: { file: string; token: string }[] = [];
  try {
    // A fixed order prevents deadlocks.
    for (const file of [...new Set(files)].sort()) {
      taken.push({ file, token: await mapWriteErrors(file, () => take(file, sleep)) });
    }
    return await work({
      confirm: async () => {
        for (const { file, token } of taken) {
          if ((await ownerOf(file))?.token === token) continue;
          throw sinkError(file, 'another process has taken over the lock');
        }
      },
    });
  } finally {
    for (const { file, token } of taken) {
      if ((await ownerOf(file))?.token === token) await rm(file, { force: true });
    }
  }
}

async function take(file: string, sleep: Sleep): Promise<string> {
  await makeFolder(dirname(file));
  const owner: Owner = { token: `${PROCESS} ${randomUUID()}`, machine: MACHINE, pid: process.pid };
  let seen: { text: string | null; forMs: number } = { text: null, forMs: 0 };
  while (!(await create(file, JSON.stringify(owner)))) {
    const text = await textOf(file);
    if (text === null) continue;
    const forMs = text === seen.text ? seen.forMs : 0;
    if (isGone(text) || forMs >= LEFT_AFTER_MS) {
      await breakLock(file, text, sleep);
      seen = { text: null, forMs: 0 };
      continue;
    }
    await sleep(LOOK_EVERY_MS);
    seen = { text, forMs: forMs + LOOK_EVERY_MS };
  }
  return owner.token;
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

async function ownerOf(file: string): Promise<Owner | null> {
  return parseOwner((await textOf(file).catch(() => null)) ?? '');
}

function parseOwner(text: string): Owner | null {
  try {
    return ownerShape.parse(JSON.parse(text));
  } catch {
    // Being written, or truncated by a crash.
    return null;
  }
}

/** Detects a dead owner only on this machine; others are detected by age. */
function isGone(text: string): boolean {
  const owner = parseOwner(text);
  if (owner?.machine !== MACHINE) return false;
  // Equal id, but not this process's lock: the owner was an earlier process.
  if (owner.pid === process.pid) return !owner.token.startsWith(PROCESS);
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
}

/**
 * Removes a stale lock. Only one process may do so: a second one would remove the new lock of the
 * first.
 */
async function breakLock(file: string, text: string, sleep: Sleep): Promise<void> {
  const breaker = `${file}.break`;
  for (let waitedMs = 0; !(await makeBreaker(breaker)); waitedMs += LOOK_EVERY_MS) {
    if ((await textOf(file)) !== text) return;
    // Left by a process killed while it removed the lock.
    if (waitedMs >= LEFT_AFTER_MS) await rm(breaker, { recursive: true, force: true });
    await sleep(LOOK_EVERY_MS);
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
