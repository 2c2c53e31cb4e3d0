import { RowmillError } from '../errors.ts';

export interface LimiterOptions {
  /** @default 10 */
  ratePerSecond?: number;
  /** Requests that may go at once after a quiet time. @default twice the rate */
  burst?: number;
  /**
   * A pause longer than this is not waited out in here, where it would hold a slot and look like
   * silence: the callers get `rate_limited` with the rest of the pause. @default 15_000
   */
  patienceMs?: number;
}

export interface Limiter {
  /** Comes back when one request may be sent; first come, first served. */
  take(signal?: AbortSignal): Promise<void>;
  /** Nobody sends for so long: one caller was told to slow down, so all are. */
  pauseFor(ms: number): void;
}

interface Waiter {
  go: () => void;
  fail: (error: Error) => void;
}

/**
 * A token bucket. One is shared by everything that uses one token of one API in a process
 * (Temporal limits how many activities start, not how many requests they send).
 *
 * `take` throws the reason of the signal as it is, or `rate_limited` (see `patienceMs`).
 */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const ratePerSecond = options.ratePerSecond ?? 10;
  const burst = Math.max(1, options.burst ?? ratePerSecond * 2);
  const patienceMs = options.patienceMs ?? 15_000;
  const waiters = new Set<Waiter>();
  let tokens = burst;
  let filledAtMs = performance.now();
  let pausedUntilMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const tooLong = (waitMs: number): RowmillError =>
    new RowmillError(
      'rate_limited',
      `the provider asked for a pause, ${Math.ceil(waitMs / 1000)} s are left`,
      { retryAfterMs: Math.ceil(waitMs) },
    );

  const pump = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const nowMs = performance.now();
    if (nowMs >= pausedUntilMs) {
      const gainedMs = Math.max(0, nowMs - filledAtMs);
      tokens = Math.min(burst, tokens + (gainedMs * ratePerSecond) / 1000);
      filledAtMs = Math.max(nowMs, filledAtMs);
      for (const waiter of waiters) {
        if (tokens < 1) break;
        tokens -= 1;
        waiter.go();
      }
    }
    if (waiters.size === 0) return;
    const tokenAtMs = filledAtMs + ((1 - tokens) * 1000) / ratePerSecond;
    timer = setTimeout(pump, Math.max(1, Math.ceil(Math.max(tokenAtMs, pausedUntilMs) - nowMs)));
  };

  return {
    take(signal) {
      return new Promise((resolve, reject) => {
        // Whatever the caller aborts with comes back unwrapped: Temporal looks at its class.
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const pauseMs = pausedUntilMs - performance.now();
        if (pauseMs > patienceMs) {
          reject(tooLong(pauseMs));
          return;
        }
        const leave = (): void => {
          waiters.delete(waiter);
          if (waiters.size === 0) clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
        };
        const aborted = (): void => waiter.fail(signal?.reason as Error);
        const waiter: Waiter = {
          go: () => {
            leave();
            resolve();
          },
          fail: (error) => {
            leave();
            reject(error);
          },
        };
        waiters.add(waiter);
        signal?.addEventListener('abort', aborted);
        pump();
      });
    },

    pauseFor(ms) {
      pausedUntilMs = Math.max(pausedUntilMs, performance.now() + ms);
      // After the pause one at a time again, not a burst into a server that is just recovering.
      tokens = 0;
      filledAtMs = pausedUntilMs;
      if (ms > patienceMs) for (const waiter of waiters) waiter.fail(tooLong(ms));
      pump();
    },
  };
}
