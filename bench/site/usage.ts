import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';
import { residentBytes } from './memory.ts';

/** What a process took while it was watched. */
export interface Usage {
  /** Most resident memory, bytes; `null` where /proc is not there. */
  peakBytes: number | null;
  /** Processor time, s. */
  cpuS: number;
}

export interface Watch {
  /** Ends the watch; returns the usage by name. */
  end(): Map<string, Usage>;
}

const SAMPLE_EVERY_MS = 200;
/** Linux counts processor time in hundredths of a second. */
const TICKS = 100;

/** Watches processes by name. */
export function watch(pids: ReadonlyMap<string, number>): Watch {
  const peaks = new Map<string, number>();
  const beganS = new Map([...pids].map(([name, pid]) => [name, cpuSeconds(pid)]));
  const look = (): void => {
    for (const [name, pid] of pids) {
      peaks.set(name, Math.max(peaks.get(name) ?? 0, residentBytes(pid) ?? 0));
    }
  };
  const timer = setInterval(look, SAMPLE_EVERY_MS);
  return {
    end: () => {
      clearInterval(timer);
      look();
      return new Map(
        [...pids].map(([name, pid]) => [
          name,
          { peakBytes: peaks.get(name) || null, cpuS: cpuSeconds(pid) - (beganS.get(name) ?? 0) },
        ]),
      );
    },
  };
}

function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may have spaces; user and system time are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}
