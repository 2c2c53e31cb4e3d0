import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/**
 * The time of the Temporal server, by which deadlines are set. This machine's own clock may be
 * wrong, or be set by hours in the middle of a wait; then a run would end early, or never.
 */
export interface ServerClock {
  /** Epoch ms, behind the server's by what a step waited for a worker; before any step our own. */
  now: () => number;
  /** Reads the server's time off every step that comes. */
  interceptor: ActivityInterceptorsFactory;
}

/** So long a reading counts: the server's own clock may be put right as well. */
const KEEP_MS = 3_600_000;

/**
 * Nothing in the server's replies says what time it is there. But a step says when it was scheduled,
 * mostly a few ms ago, and from there on the monotonic clock of this process counts. Of several
 * readings the latest time is the best one: the others had waited longer.
 */
export function createServerClock(): ServerClock {
  let best: { aheadMs: number; readAtMs: number } | null = null;
  const read = (scheduledAtMs: number): void => {
    const readAtMs = performance.now();
    const aheadMs = scheduledAtMs - readAtMs;
    const isBetter = best === null || aheadMs >= best.aheadMs || readAtMs - best.readAtMs > KEEP_MS;
    if (isBetter) best = { aheadMs, readAtMs };
  };
  return {
    now: () => (best === null ? Date.now() : Math.round(performance.now() + best.aheadMs)),
    interceptor: ({ info }) => ({
      inbound: {
        execute: (input, next) => {
          read(info.currentAttemptScheduledTimestampMs);
          return next(input);
        },
      },
    }),
  };
}
