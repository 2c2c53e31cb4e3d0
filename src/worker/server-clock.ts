import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/**
 * Clock of the Temporal server, which sets deadlines. This machine's clock may be wrong, or change
 * by hours during a wait; then a run would end early, or never.
 */
export interface ServerClock {
  /**
   * Returns the epoch time in ms, behind the server's by the queueing time of a step; before any
   * step the local time.
   */
  now: () => number;
  /** Reads the server's time from every step. */
  interceptor: ActivityInterceptorsFactory;
}

/** Validity of a reading, in ms: the server's own clock may be corrected. */
const KEEP_MS = 3_600_000;

/**
 * Creates the clock. No reply of the server contains its time, but a step has its schedule time,
 * usually a few ms ago. From there the monotonic clock of this process counts. The latest of
 * several readings is the best: the others queued longer.
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
