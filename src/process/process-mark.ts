import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Unique identity of a process: the system reuses ids, also after a restart. */
export interface ProcessMark {
  pid: number;
  /** Start time as the system prints it; empty if unknown. */
  started: string;
}

export const markOf = (pid: number): ProcessMark => ({ pid, started: startOf(pid) ?? '' });

/** Checks whether exactly this process still runs. */
export function isStill({ pid, started }: ProcessMark): boolean {
  if (!isAlive(pid)) return false;
  const now = startOf(pid);
  return now !== null && (started === '' || now === '' || now === started);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Reads the start time; `null`: ended, although its parent has not noticed. Empty: unknown. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // proc_pid_stat(5): the name in brackets may contain spaces; then state is 3 and start time
      // 22.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? '');
    }
    if (process.platform === 'win32') return '';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return isAlive(pid) ? '' : null;
  }
}

/** Waits until the process has ended; `false` after the time limit. */
async function isGoneWithin(mark: ProcessMark, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isStill(mark)) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Ends a process: SIGTERM, a grace time, SIGKILL. Without grace, SIGKILL at once. */
export async function endProcess(mark: ProcessMark, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    sendSignal(mark, 'SIGTERM');
    if (await isGoneWithin(mark, graceMs)) return;
  }
  sendSignal(mark, 'SIGKILL');
  await isGoneWithin(mark, 5_000);
}

/** Sends a signal, never to another process with a reused id. */
export function sendSignal(mark: ProcessMark, name: NodeJS.Signals): void {
  if (!isStill(mark)) return;
  try {
    process.kill(mark.pid, name);
  } catch {
    // The process ended at this moment, or this one may not signal it.
  }
}

/** Returns a code like `EEXIST`. No `instanceof Error`, which fails across realms, as in tests. */
export const codeOf = (error: unknown): string | null =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
