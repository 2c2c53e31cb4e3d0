import { RowmillError } from '../errors.ts';

export interface LimiterOptions {
  /** Maximum requests in any second, a burst after a quiet time included. @default 10 */
  ratePerSecond?: number;
  /**
   * Maximum pause that is waited for here. A longer one would occupy a slot and look like silence,
   * so callers get `rate_limited` with the rest of the pause. @default 15_000
   */
  maxQueueMs?: number;
}

export interface TakeOptions {
  /** Goes at once during a pause longer than `maxQueueMs`, outside of the rate. @default false */
  duringPause?: boolean;
}

export interface Limiter {
  /** Resolves when one request may be sent; first come, first served. */
  take(signal?: AbortSignal, options?: TakeOptions): Promise<void>;
  /** Blocks all requests for this time: the provider asked one caller to slow down. */
  blockFor(ms: number): void;
  /** Slows all requests down for a while: the provider refused one without a time. */
  slowDown(): void;
}

/** Factor by which the spacing of requests grows on each refusal. */
const SLOWER = 1.5;
const SLOWEST = 4;
/** Refusals within this time count once: they are one burst. */
const BURST_MS = 1_000;
/** Time without a refusal after which the full rate is restored gradually. */
const RECOVERY_MS = 20_000;

interface Waiter {
  go: () => void;
  fail: (error: Error) => void;
}

/**
 * Creates a rate limiter with a sliding window of one second: a request may be sent when the oldest
 * remembered one is a second old. One limiter is shared by all users of one token in a process:
 * Temporal limits activities, not their requests.
 *
 * `take` throws the reason of the signal unwrapped, or `rate_limited` (see `maxQueueMs`).
 */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const ratePerSecond = options.ratePerSecond ?? 10;
  /** Below one request a second, the window is as long as one request needs. */
  const size = Math.max(1, Math.floor(ratePerSecond));
  const windowMs = (size * 1000) / ratePerSecond;
  const maxQueueMs = options.maxQueueMs ?? 15_000;
  const waiters = new Set<Waiter>();
  /** Ring buffer; `next` is the oldest entry, overwritten next. */
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
    take(signal, { duringPause = false } = {}) {
      return new Promise((resolve, reject) => {
        // The reason is passed on unwrapped: Temporal checks its class.
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const pauseMs = pausedUntilMs - performance.now();
        if (pauseMs > maxQueueMs) {
          if (duringPause) resolve();
          else reject(tooLong(pauseMs));
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
      // After a pause, requests are spaced, without a burst to a recovering server.
      for (let nth = 1; nth <= size; nth += 1) {
        sentAtMs[(next + nth - 1) % size] = pausedUntilMs + ((nth - size) * windowMs) / size;
      }
      if (ms > maxQueueMs) for (const waiter of waiters) waiter.fail(tooLong(ms));
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
