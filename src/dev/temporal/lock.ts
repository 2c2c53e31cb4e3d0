import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, isStill, markOf, type ProcessMark } from '../../process/process-mark.ts';

const CHECK_AGAIN_MS = 100;
/**
 * Age after which a lock without an owner counts as left over; a live one is written at once, in
 * ms.
 */
const UNFINISHED_MS = 10_000;

export interface LockOptions {
  /** Called once if another process has the lock. */
  waiting?: (holder: number | null) => void;
}

/** Runs `work` under a lock against other processes on this machine. */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  let reported = false;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder === 'gone') {
      breakLock(file);
      continue;
    }
    if (!reported) options.waiting?.(holder === 'unknown' ? null : holder.pid);
    reported = true;
    await sleep(CHECK_AGAIN_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify(markOf(process.pid)), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Reads the owner; `unknown`: just being written. */
function holderOf(file: string): ProcessMark | 'unknown' | 'gone' {
  try {
    const holder: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isMark(holder) && isStill(holder) ? holder : 'gone';
  } catch {
    return isOld(file) ? 'gone' : 'unknown';
  }
}

/**
 * Removes a stale lock. Only one process may do so: a second one would remove the new lock of the
 * first.
 */
function breakLock(file: string): void {
  const breaker = `${file}.break`;
  try {
    mkdirSync(breaker);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (isOld(breaker)) rmdirSync(breaker);
    return;
  }
  try {
    if (holderOf(file) === 'gone') rmSync(file, { force: true });
  } finally {
    rmdirSync(breaker);
  }
}

function isOld(path: string): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs > UNFINISHED_MS;
  } catch {
    return false;
  }
}

export const isMark = (value: unknown): value is ProcessMark =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  'started' in value &&
  typeof value.started === 'string';
