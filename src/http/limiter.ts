import { RowmillError } from '../errors.ts';
import { firstPace, nextPace, paceBounds, type Pace, type PaceReading } from './pace.ts';
import { nextStepMs, shareAt, type KnownPace, type Load, type Share } from './share.ts';
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
  /** Part of the pace that may be used before the first `share`. @default 1 */
  firstShare?: number;
  /** Called for every request that asks for its turn. */
  onTake?: () => void;
  /** Called when the API has slowed down, refused, or asked for a pause. */
  onSlowed?: () => void;
}

export interface TakeOptions {
  /** Goes at once during a pause longer than `maxQueueMs`, outside of the rate. @default false */
  duringPause?: boolean;
  /** The request is a poll, needed within this time, ms: work goes before it. @default it is work */
  pollWithinMs?: number;
}

export interface Limiter {
  /** Learned pace of the API, for the whole token. */
  readonly pace: Pace;
  /** Requests a second that this process may send: its share of the pace. */
  readonly perSecond: number;
  /** Learned pace, for other workers. */
  readonly known: KnownPace;
  /** Time since which no request has left, ms of `performance.now()`; -Infinity: none ever left. */
  readonly lastSentAtMs: number;
  /**
   * Resolves when one request may be sent: work first come, first served, then polls by need. Returns
   * true if the pace is in use. It is if it held the request back (a poll: beyond the time at which it
   * was needed), or half of what it allows was sent before.
   */
  take(signal?: AbortSignal, options?: TakeOptions): Promise<boolean>;
  /** Blocks all requests for this time: the provider asked one caller to slow down. */
  blockFor(ms: number): void;
  /** Adapts the pace of all requests to the end of one, by times of `performance.now()`. */
  learn(reading: PaceReading): void;
  /** Sets the part of the token's pace that this process may use. */
  share(share: Share): void;
  /** Takes over what other workers have learned, and the rest of their pause, ms. */
  adopt(known: KnownPace, pausedMs: number): void;
  /** Returns the load since the last call. */
  load(): Load;
}

/** Shorter waits are those of the event loop. */
const HELD_MS = 1;

/**
 * Creates a rate limiter with a sliding window of one second. A request may be sent when the oldest of
 * the last `pace` requests is a second old. All users of one token in a process share one limiter:
 * Temporal limits activities, not their requests.
 *
 * `take` throws the reason of the signal unwrapped, or `rate_limited` (see `maxQueueMs`).
 */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const limit = options.ratePerSecond ?? null;
  let bounds = paceBounds(limit);
  const maxQueueMs = options.maxQueueMs ?? 15_000;
  /** Most requests of one window. */
  const most = Math.max(1, Math.floor(bounds.most));
  const waiters = new Turns();
  /** Times of the last requests, the oldest first. */
  let sentAtMs: number[] = [];
  let pace = firstPace(limit);
  let slowDowns = 0;
  let pausedUntilMs = 0;
  /** End of the pause that the provider asked this process for: others learn of it only once. */
  let ownPauseUntilMs = 0;
  let { steps, used }: Omit<Share, 'limit'> = {
    steps: [{ fromMs: 0, share: options.firstShare ?? 1 }],
    used: 1,
  };
  let sent = 0;
  let lastSentAtMs = Number.NEGATIVE_INFINITY;
  let wasHeld = false;
  let timer: NodeJS.Timeout | undefined;

  /** Rounded: three tenths of ten are three, not a little less. */
  const perSecondAt = (nowMs: number): number =>
    Math.round(pace.perSecond * shareAt(steps, nowMs) * 1e6) / 1e6;

  const tooLong = (waitMs: number): RowmillError =>
    new RowmillError(
      'rate_limited',
      `the provider asked for a pause, ${Math.ceil(waitMs / 1000)} s are left`,
      { retryAfterMs: Math.ceil(waitMs) },
    );

  /**
   * Returns the window of a rate. Below one request a second it is as long as one request needs.
   */
  const windowOf = (perSecond: number): { size: number; ms: number } => {
    const size = Math.max(1, Math.floor(perSecond));
    return { size, ms: (size * 1_000) / perSecond };
  };

  const freeAtMs = (perSecond: number): number => {
    if (perSecond === 0) return Number.POSITIVE_INFINITY;
    const { size, ms } = windowOf(perSecond);
    const oldestMs = sentAtMs.at(-size) ?? Number.NEGATIVE_INFINITY;
    return Math.max(oldestMs + ms, pausedUntilMs);
  };

  /** Checks whether half of what the pace allows was sent in its window, before the last request. */
  const isHalfUsed = (nowMs: number): boolean => {
    const { size, ms } = windowOf(perSecondAt(nowMs));
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
    const perSecond = perSecondAt(nowMs);
    while (freeAtMs(perSecond) <= nowMs) {
      const waiter = waiters.next(nowMs, perSecond);
      if (waiter === null) break;
      note(nowMs);
      sent += 1;
      lastSentAtMs = nowMs;
      waiters.left(waiter, nowMs);
      waiter.go();
    }
    if (waiters.isEmpty) return;
    const freeMs = Math.max(freeAtMs(perSecond), waiters.freeAtMs(perSecond));
    const waitMs = Math.min(freeMs, nextStepMs(steps, nowMs)) - nowMs;
    // Without a share, the next call of `share` wakes them.
    if (waitMs === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(drain, Math.max(1, Math.ceil(waitMs)));
  };

  const pauseUntil = (untilMs: number): void => {
    const nowMs = performance.now();
    pausedUntilMs = Math.max(pausedUntilMs, untilMs);
    // After a pause, requests are spaced, without a burst to a recovering server.
    const window = windowOf(perSecondAt(nowMs) || 1);
    sentAtMs = Array.from(
      { length: window.size },
      (_, at) => pausedUntilMs + ((at + 1 - window.size) * window.ms) / window.size,
    );
    const ms = untilMs - nowMs;
    if (ms > maxQueueMs) for (const waiter of waiters) waiter.fail(tooLong(ms));
    drain();
  };

  /** Growth counts by the part of the pace that is used. */
  const usedPart = (grown: Pace): Pace => ({
    ...grown,
    perSecond: pace.perSecond + (grown.perSecond - pace.perSecond) * used,
  });

  return {
    get pace() {
      return pace;
    },
    get perSecond() {
      return perSecondAt(performance.now());
    },
    get known() {
      return { perSecond: pace.perSecond, tooFast: pace.tooFast, slowDowns };
    },
    get lastSentAtMs() {
      return lastSentAtMs;
    },

    take(signal, { duringPause = false, pollWithinMs } = {}) {
      return new Promise((resolve, reject) => {
        // The reason is passed on unwrapped: Temporal checks its class.
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        options.onTake?.();
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
            wasHeld ||= isHeld;
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
      const untilMs = performance.now() + ms;
      ownPauseUntilMs = Math.max(ownPauseUntilMs, untilMs);
      pauseUntil(untilMs);
      options.onSlowed?.();
    },

    learn(reading) {
      const { perSecond, slowedAtMs } = pace;
      const next = nextPace(pace, reading, bounds);
      pace = next.perSecond > perSecond ? usedPart(next) : next;
      if (pace.perSecond !== perSecond && !waiters.isEmpty) drain();
      if (pace.slowedAtMs === slowedAtMs) return;
      slowDowns += 1;
      options.onSlowed?.();
    },

    share(next) {
      steps = next.steps;
      used = next.used;
      bounds = paceBounds(stricter(limit, next.limit));
      pace = { ...pace, perSecond: Math.min(bounds.most, pace.perSecond) };
      if (!waiters.isEmpty) drain();
    },

    adopt(known, pausedMs) {
      const nowMs = performance.now();
      // Replies to requests of before the slow-down say nothing of the pace since.
      const slowedAtMs = known.slowDowns > slowDowns ? nowMs : pace.slowedAtMs;
      const perSecond = Math.min(bounds.most, known.perSecond);
      pace = { ...pace, perSecond, tooFast: known.tooFast, slowedAtMs };
      slowDowns = known.slowDowns;
      if (nowMs + pausedMs > pausedUntilMs && pausedMs > 0) pauseUntil(nowMs + pausedMs);
      else if (!waiters.isEmpty) drain();
    },

    load() {
      const nowMs = performance.now();
      const isWaiting = waiters.isHeld(nowMs - HELD_MS);
      const load = {
        sent,
        held: wasHeld || isWaiting,
        pausedMs: Math.max(0, ownPauseUntilMs - nowMs),
      };
      sent = 0;
      wasHeld = false;
      return load;
    },
  };
}

const stricter = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);
