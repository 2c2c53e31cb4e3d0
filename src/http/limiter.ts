import { RowmillError } from '../errors.ts';
import { firstPace, nextPace, paceBounds, type Pace, type PaceReading } from './pace.ts';
import { Turns, type Waiter } from './turns.ts';

export interface LimiterOptions {
  /**
   * Operator's limit of requests in any second, a burst after a quiet time included.
   * @default none: the pace is learned from a careful start
   */
  ratePerSecond?: number | null;
  /**
   * Maximum pause that is waited for here. A longer one would occupy a slot and look like silence,
   * so callers get `rate_limited` with the rest of the pause. @default 15_000
   */
  maxQueueMs?: number;
}

export interface TakeOptions {
  /** Goes at once during a pause longer than `maxQueueMs`, outside of the rate. @default false */
  duringPause?: boolean;
  /** The request is a poll, needed within this time, ms: work goes before it. @default it is work */
  pollWithinMs?: number;
}

export interface Limiter {
  /** What is known of the pace that the API bears. */
  readonly pace: Pace;
  /**
   * Resolves when one request may be sent: work first come, first served, then polls by need. Returns
   * true if the pace is in use: it held the request back (a poll: beyond the time at which it was needed),
   * or half of what it allows was sent before.
   */
  take(signal?: AbortSignal, options?: TakeOptions): Promise<boolean>;
  /** Blocks all requests for this time: the provider asked one caller to slow down. */
  blockFor(ms: number): void;
  /** Adapts the pace of all requests to the end of one, by times of `performance.now()`. */
  learn(reading: PaceReading): void;
}

/** Shorter waits are those of the event loop. */
const HELD_MS = 1;

/**
 * Creates a rate limiter with a sliding window of one second: a request may be sent when the oldest
 * of the last `pace` requests is a second old. One limiter is shared by all users of one token in a
 * process: Temporal limits activities, not their requests.
 *
 * `take` throws the reason of the signal unwrapped, or `rate_limited` (see `maxQueueMs`).
 */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const limit = options.ratePerSecond ?? null;
  const bounds = paceBounds(limit);
  const maxQueueMs = options.maxQueueMs ?? 15_000;
  /** Most requests of one window. */
  const most = Math.max(1, Math.floor(bounds.most));
  const waiters = new Turns();
  /** Times of the last requests, the oldest first. */
  let sentAtMs: number[] = [];
  let pace = firstPace(limit);
  let pausedUntilMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const tooLong = (waitMs: number): RowmillError =>
    new RowmillError(
      'rate_limited',
      `the provider asked for a pause, ${Math.ceil(waitMs / 1000)} s are left`,
      { retryAfterMs: Math.ceil(waitMs) },
    );

  /** Below one request a second, the window is as long as one request needs. */
  const windowOf = ({ perSecond }: Pace): { size: number; ms: number } => {
    const size = Math.max(1, Math.floor(perSecond));
    return { size, ms: (size * 1_000) / perSecond };
  };

  const freeAtMs = (): number => {
    const { size, ms } = windowOf(pace);
    const oldestMs = sentAtMs.at(-size) ?? Number.NEGATIVE_INFINITY;
    return Math.max(oldestMs + ms, pausedUntilMs);
  };

  /** Checks whether half of what the pace allows was sent in its window, before the last request. */
  const isHalfUsed = (nowMs: number): boolean => {
    const { size, ms } = windowOf(pace);
    const middleMs = sentAtMs.at(-Math.ceil(size / 2) - 1) ?? Number.NEGATIVE_INFINITY;
    return middleMs > nowMs - ms;
  };

  const note = (atMs: number): void => {
    sentAtMs.push(atMs);
    if (sentAtMs.length > 2 * most) sentAtMs = sentAtMs.slice(-most);
  };

  const drain = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const nowMs = performance.now();
    while (freeAtMs() <= nowMs) {
      const waiter = waiters.next(nowMs, pace.perSecond);
      if (waiter === null) break;
      note(nowMs);
      waiters.left(waiter, nowMs);
      waiter.go();
    }
    if (waiters.isEmpty) return;
    const nextAtMs = Math.max(freeAtMs(), waiters.freeAtMs(pace.perSecond));
    timer = setTimeout(drain, Math.max(1, Math.ceil(nextAtMs - nowMs)));
  };

  return {
    get pace() {
      return pace;
    },

    take(signal, { duringPause = false, pollWithinMs } = {}) {
      return new Promise((resolve, reject) => {
        // The reason is passed on unwrapped: Temporal checks its class.
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const cameAtMs = performance.now();
        const pauseMs = pausedUntilMs - cameAtMs;
        if (pauseMs > maxQueueMs) {
          if (duringPause) resolve(false);
          else reject(tooLong(pauseMs));
          return;
        }
        const leave = (): void => {
          waiters.remove(waiter);
          if (waiters.isEmpty) clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
        };
        const aborted = (): void => waiter.fail(signal?.reason as Error);
        const neededAtMs = pollWithinMs === undefined ? null : cameAtMs + pollWithinMs;
        const waiter: Waiter = {
          neededAtMs,
          go: () => {
            leave();
            const nowMs = performance.now();
            const isHeld = nowMs - (neededAtMs ?? cameAtMs) >= HELD_MS;
            resolve(isHeld || isHalfUsed(nowMs));
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
      const window = windowOf(pace);
      sentAtMs = Array.from(
        { length: window.size },
        (_, at) => pausedUntilMs + ((at + 1 - window.size) * window.ms) / window.size,
      );
      if (ms > maxQueueMs) for (const waiter of waiters) waiter.fail(tooLong(ms));
      drain();
    },

    learn(reading) {
      const { perSecond } = pace;
      pace = nextPace(pace, reading, bounds);
      if (pace.perSecond !== perSecond && !waiters.isEmpty) drain();
    },
  };
}
