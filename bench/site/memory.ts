import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const SAMPLE_EVERY_MS = 50;

/** Resident memory of a process in bytes; `null` where /proc is not there. */
export function residentBytes(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? null : Number(kib) * 1_024;
  } catch {
    return null;
  }
}

/** Samples while the work lasts; the most that was seen. */
export async function peakDuring<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; peakBytes: number | null }> {
  let peakBytes = residentBytes(pid);
  const timer = setInterval(() => {
    const bytes = residentBytes(pid);
    if (bytes !== null) peakBytes = Math.max(peakBytes ?? 0, bytes);
  }, SAMPLE_EVERY_MS);
  try {
    const result = await work();
    return { result, peakBytes };
  } finally {
    clearInterval(timer);
  }
}
