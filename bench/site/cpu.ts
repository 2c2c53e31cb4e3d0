import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const SAMPLE_EVERY_MS = 50;
/** Ticks of the kernel's clock in a second, on every platform that has /proc. */
const TICKS_PER_S = 100;
/** Places of utime and stime behind the name of the process. */
const [UTIME, STIME] = [11, 12];

/** CPU time of a process with all its threads, s; `null` where /proc is not there, or the process is not. */
export function cpuSeconds(pid: number): number | null {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?!.*\) )/s);
    const ticks = fields.split(' ');
    return (Number(ticks[UTIME]) + Number(ticks[STIME])) / TICKS_PER_S;
  } catch {
    return null;
  }
}

/** Measures the CPU time that a process takes while the work lasts, s; the process may end with it. */
export async function cpuDuring<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; cpuS: number | null }> {
  const before = cpuSeconds(pid);
  let last = before;
  const sample = (): void => {
    last = cpuSeconds(pid) ?? last;
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  try {
    const result = await work();
    sample();
    return { result, cpuS: before === null || last === null ? null : last - before };
  } finally {
    clearInterval(timer);
  }
}
