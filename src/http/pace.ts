/**
 * Learned pace of an API, as a client knows it. A small value of plain JSON with one pure rule
 * (`nextPace`), so that it can be kept, shared and replayed.
 */
export interface Pace {
  /** Requests a second that may be sent. */
  perSecond: number;
  /** Pace at which the API last slowed or refused; `null`: it never did, or bore more since. */
  tooFast: number | null;
  /** Time of the last slow-down, ms; `null`: none. Requests sent before it are of the old pace. */
  slowedAtMs: number | null;
  /** Time of the last growth or slow-down, ms; `null`: none. */
  changedAtMs: number | null;
  /** Reply times by route: an add of fifty rows takes longer than a status. */
  routes: Readonly<Record<string, RouteTimes>>;
}

interface RouteTimes {
  /** Usual time of a reply, ms. */
  usualMs: number;
  /** Number of consecutive rounds of slow replies, and the quickest of these replies. */
  slow: number;
  quickestSlowMs: number;
  /** Arrival of the first reply of the last slow round, ms. */
  slowAtMs: number;
}

export interface PaceBounds {
  /** Requests a second that are always allowed. */
  least: number;
  most: number;
}

/** Reply to a request. All times are ms of one clock. */
export interface PaceReading {
  route: string;
  sentAtMs: number;
  atMs: number;
  /** `refused`: 429, or 503 with Retry-After. `failed`: no reply, or any other 5xx. */
  end: 'answered' | 'refused' | 'failed';
  /** True if the pace was in use when the request was sent: only such a pace can prove too slow. */
  used: boolean;
}

/** Careful start, in requests a second, and the growth of each second in use once a slow-down is forgotten. */
const START_PER_SECOND = 10;
/**
 * Requests a second that each good reply adds before the first slow-down: a pace that is used up
 * doubles in 0.35 s.
 */
const FIRST_GROWTH = 2;
/** Pace above which nothing is gained: a page or an add has fifty rows and more. */
const MOST_PER_SECOND = 500;
/** Share of the pace that a slow-down leaves. */
const SLOWER = 1 / 2;
/** Up to this share of a pace that was too fast, growth is quick; above it, it is careful. */
const KNOWN_GOOD = 0.9;
const QUICK_GROWTH = 1 / 10;
const CAREFUL_GROWTH = 1 / 100;
/** Beyond this share, the API bears more than it did. */
const BORNE = 1.1;
/** Longest time that one growth makes up for, ms. */
const GROWTH_MS = 1_000;
/** A reply is slow if it takes so many times the usual time, and so much longer. */
const SLOW_FACTOR = 2;
const SLOW_MS = 200;
/**
 * Consecutive slow rounds of one route that count. Requests that were sent together are one round. A
 * machine that stops for a moment makes all of them late, whatever the API bears.
 */
const SLOW_ROUNDS = 3;
/** Weight of a new reply in the usual time. */
const WEIGHT = 1 / 8;

/** Returns the bounds: an operator's limit is never exceeded. */
export const paceBounds = (limit: number | null): PaceBounds => ({
  least: Math.min(1, (limit ?? START_PER_SECOND) / 10),
  most: limit ?? MOST_PER_SECOND,
});

/** Returns the pace before the first reply: an operator's limit, else a careful start. */
export const firstPace = (limit: number | null): Pace => ({
  perSecond: limit ?? START_PER_SECOND,
  tooFast: null,
  slowedAtMs: null,
  changedAtMs: null,
  routes: {},
});

/**
 * Returns the pace after a reply. While it is in use it grows: by each reply before the first slow-down,
 * by addition in time after it. It is halved, once for each burst, when the API refuses or its replies
 * take longer and longer.
 */
export function nextPace(pace: Pace, reading: PaceReading, bounds: PaceBounds): Pace {
  // Requests of before the slow-down say nothing of the pace since.
  const isOld = pace.slowedAtMs !== null && reading.sentAtMs <= pace.slowedAtMs;
  if (isOld || reading.end === 'failed') return pace;
  if (reading.end === 'refused') return slowed(pace, reading, bounds);
  const times = timesAfter(pace.routes[reading.route], reading);
  const isSlow = times.slow >= SLOW_ROUNDS;
  const routes = { ...pace.routes, [reading.route]: isSlow ? acceptedAs(times) : times };
  if (isSlow) return slowed({ ...pace, routes }, reading, bounds);
  if (!reading.used || times.slow > 0) return { ...pace, routes };
  return grown({ ...pace, routes }, reading, bounds);
}

function slowed(pace: Pace, { atMs }: PaceReading, { least }: PaceBounds): Pace {
  return {
    ...pace,
    perSecond: Math.max(least, pace.perSecond * SLOWER),
    tooFast: pace.perSecond,
    slowedAtMs: atMs,
    changedAtMs: atMs,
  };
}

function grown(pace: Pace, { atMs }: PaceReading, { most }: PaceBounds): Pace {
  const { perSecond, tooFast, slowedAtMs, changedAtMs } = pace;
  if (slowedAtMs === null) {
    return { ...pace, perSecond: Math.min(most, perSecond + FIRST_GROWTH), changedAtMs: atMs };
  }
  const sinceMs = changedAtMs === null ? GROWTH_MS : atMs - changedAtMs;
  const share = Math.max(0, Math.min(GROWTH_MS, sinceMs)) / GROWTH_MS;
  const next = Math.min(most, perSecond + growthPerSecond(perSecond, tooFast) * share);
  return {
    ...pace,
    perSecond: next,
    tooFast: tooFast !== null && next > tooFast * BORNE ? null : tooFast,
    changedAtMs: atMs,
  };
}

function growthPerSecond(perSecond: number, tooFast: number | null): number {
  if (tooFast === null) return START_PER_SECOND;
  return tooFast * (perSecond < tooFast * KNOWN_GOOD ? QUICK_GROWTH : CAREFUL_GROWTH);
}

function timesAfter(before: RouteTimes | undefined, { sentAtMs, atMs }: PaceReading): RouteTimes {
  const ms = atMs - sentAtMs;
  const quick = { slow: 0, quickestSlowMs: ms, slowAtMs: atMs };
  if (before === undefined) return { usualMs: ms, ...quick };
  const { usualMs, slow, quickestSlowMs, slowAtMs } = before;
  const isSlow = ms > usualMs * SLOW_FACTOR && ms > usualMs + SLOW_MS;
  if (!isSlow) return { usualMs: usualMs + (ms - usualMs) * WEIGHT, ...quick };
  if (slow === 0) return { usualMs, ...quick, slow: 1 };
  const quickest = Math.min(quickestSlowMs, ms);
  const isSameRound = sentAtMs <= slowAtMs;
  return isSameRound
    ? { ...before, quickestSlowMs: quickest }
    : { usualMs, slow: slow + 1, quickestSlowMs: quickest, slowAtMs: atMs };
}

/** Treats the slow time as usual from now on: an API that has become slower is not slowed for ever. */
const acceptedAs = (times: RouteTimes): RouteTimes => ({
  ...times,
  usualMs: times.quickestSlowMs,
  slow: 0,
});
