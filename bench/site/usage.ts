import { setInterval } from 'node:timers';
import { cpuSeconds } from './cpu.ts';
import { residentBytes } from './memory.ts';

/** Resources that a process took while it was watched. */
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

/** Watches processes by name. */
export function watch(pids: ReadonlyMap<string, number>): Watch {
  const peaks = new Map<string, number>();
  const beganS = new Map([...pids].map(([name, pid]) => [name, cpuSeconds(pid) ?? 0]));
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
          {
            peakBytes: peaks.get(name) || null,
            cpuS: (cpuSeconds(pid) ?? 0) - (beganS.get(name) ?? 0),
          },
        ]),
      );
    },
  };
}
