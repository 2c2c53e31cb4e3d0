import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../store/disk-error.ts';
import { FILE_MODE, makeFolder } from '../store/folders.ts';
import { mapWriteErrors, sinkError } from './sink-error.ts';

/** A lock is held for some renames: one that did not change for so long was left by a killed worker. */
const LEFT_AFTER_MS = 30_000;
const LOOK_EVERY_MS = 200;

/** Who holds a lock. An id alone may be that of another process by now. */
const ownerShape = z.object({ token: z.string(), machine: z.string(), pid: z.number() });
type Owner = z.infer<typeof ownerShape>;

/** Processes of two containers may share a host name, and have the same ids. */
function machineName(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
const MACHINE = machineName();
const PROCESS = randomUUID();

/** Waits; throws when nobody waits any more. */
export type Sleep = (ms: number) => Promise<unknown>;

export interface HeldLocks {
  /** @throws RowmillError `sink_unwritable` when another process has taken them over */
  confirm(): Promise<void>;
}

/**
 * Does `work` while no other worker, on this machine or another one that shares the disk, holds one
 * of these locks. One whose owner is gone is taken over. Throws `sink_unwritable` where no lock can
 * be made.
 */
export async function withLocks<T>(
  files: readonly string[],
  sleep: Sleep,
  work: (held: HeldLocks) => Promise<T>,
): Promise<T> {
  const taken: { file: string; token: string }[] = [];
  try {
    // In one order for all: two that want the same ones never wait for each other.
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

/** `false`: it is held. */
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

/** `null`: it is not there any more. */
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
    // Just being written, or cut off by a crash.
    return null;
  }
}

/** Only what can be said at once: a process of this machine that is not there. */
function isGone(text: string): boolean {
  const owner = parseOwner(text);
  if (owner?.machine !== MACHINE) return false;
  // Our own id, and not our lock: of the process that had the id before us.
  if (owner.pid === process.pid) return !owner.token.startsWith(PROCESS);
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
}

/** Only one process may remove a lock that was left: else the second removes the first one's new one. */
async function breakLock(file: string, text: string, sleep: Sleep): Promise<void> {
  const breaker = `${file}.break`;
  for (let waitedMs = 0; !(await makeBreaker(breaker)); waitedMs += LOOK_EVERY_MS) {
    if ((await textOf(file)) !== text) return;
    // Of a process that was killed in between.
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
