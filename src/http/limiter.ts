import { RowmillError } from '../errors.ts';

export interface LimiterOptions {
  /** No second holds more, a burst after a quiet time included. @default 10 */
  ratePerSecond?: number;
  /**
   * A pause longer than this is not waited out in here, where it would hold a slot and look like
   * silence: the callers get `rate_limited` with the rest of the pause. @default 15_000
   */
  maxQueueMs?: number;
}

export interface Limiter {
  /** Comes back when one request may be sent; first come, first served. */
  take(signal?: AbortSignal): Promise<void>;
  /** Nobody sends for so long: one caller was told to slow down, so all are. */
  blockFor(ms: number): void;
  /** All send more slowly for a while: one caller was refused, and not told how long to wait. */
  slowDown(): void;
}

/** Requests go so much further apart, each time … */
const SLOWER = 1.5;
const SLOWEST = 4;
/** … but a burst that is refused counts once. */
const BURST_MS = 1_000;
/** Without another refusal the rate is back after so long, little by little. */
const RECOVERY_MS = 20_000;

interface Waiter {
  go: () => void;
  fail: (error: Error) => void;
}

/**
 * Remembers when the last requests went, a second's worth of them: the next one may go when the
 * oldest of those is a second ago. One is shared by everything that uses one token of one API in a
 * process (Temporal limits how many activities start, not how many requests they send).
 *
 * `take` throws the reason of the signal as it is, or `rate_limited` (see `patienceMs`).
 */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const ratePerSecond = options.ratePerSecond ?? 10;
  /** Below one request a second, the window is as long as one of them takes. */
  const size = Math.max(1, Math.floor(ratePerSecond));
  const windowMs = (size * 1000) / ratePerSecond;
  const patienceMs = options.maxQueueMs ?? 15_000;
  const waiters = new Set<Waiter>();
  /** A ring; `next` is the oldest, and the one to be overwritten. */
  const sentAtMs = new Array<number>(size).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  let pausedUntilMs = 0;
  let slower = 1;
  let slowedAtMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const tooLong = (waitMs: number): RowmillError =>
    new RowmillError(
      'rate_limited',
      `the provider asked for a pause, ${Math.ceil(waitMs / 1000)} s are left`,
      { retryAfterMs: Math.ceil(waitMs) },
    );

  const slowness = (nowMs: number): number =>
    1 + (slower - 1) * Math.max(0, 1 - (nowMs - slowedAtMs) / RECOVERY_MS);

  const freeAtMs = (): number => {
    const oldestMs = sentAtMs[next] ?? Number.NEGATIVE_INFINITY;
    return Math.max(oldestMs + windowMs * slowness(performance.now()), pausedUntilMs);
  };

  const drain = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const nowMs = performance.now();
    for (const waiter of waiters) {
      if (freeAtMs() > nowMs) break;
      sentAtMs[next] = nowMs;
      next = (next + 1) % size;
      waiter.go();
    }
    if (waiters.size === 0) return;
    timer = setTimeout(drain, Math.max(1, Math.ceil(freeAtMs() - nowMs)));
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
        drain();
      });
    },

    blockFor(ms) {
      pausedUntilMs = Math.max(pausedUntilMs, performance.now() + ms);
      // After the pause one at a time again, not a burst into a server that is just recovering.
      for (let nth = 1; nth <= size; nth += 1) {
        sentAtMs[(next + nth - 1) % size] = pausedUntilMs + ((nth - size) * windowMs) / size;
      }
      if (ms > patienceMs) for (const waiter of waiters) waiter.fail(tooLong(ms));
      drain();
    },

    slowDown() {
      const nowMs = performance.now();
      if (nowMs - slowedAtMs < BURST_MS) return;
      slower = Math.min(slowness(nowMs) * SLOWER, SLOWEST);
      slowedAtMs = nowMs;
      drain();
    },
  };
}
