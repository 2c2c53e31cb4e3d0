/** Known pace of a token, for other workers. */
export interface KnownPace {
  /** Requests a second of the whole token. */
  perSecond: number;
  /** Pace at which the API last slowed or refused; `null`: see `Pace`. */
  tooFast: number | null;
  /** Number of times at which the API slowed or refused, of this worker and of those it learned from. */
  slowDowns: number;
}

/** Part of the token's pace that a process may use from a time on. */
export interface ShareStep {
  /** Time of `performance.now()`. */
  fromMs: number;
  /** Share from 0 to 1. */
  share: number;
}

export interface Share {
  /** Steps in the order of their times; the first one holds at once. */
  steps: readonly ShareStep[];
  /** Part of the token's pace that workers use up: a pace that is not used is not grown. */
  used: number;
  /** Strictest limit of all workers, requests a second; `null`: none. */
  limit: number | null;
}

/** Requests that went through a limiter since the last reading. */
export interface Load {
  /** Requests that were let through. */
  sent: number;
  /** True if the pace held requests back. */
  held: boolean;
  /** Rest of the pause that the provider asked this process for, ms. */
  pausedMs: number;
}

/** Returns the share at a time. */
export const shareAt = (steps: readonly ShareStep[], nowMs: number): number =>
  (steps.findLast(({ fromMs }) => fromMs <= nowMs) ?? steps[0])?.share ?? 0;

/** Returns the time of the next step; infinity: there is none. */
export const nextStepMs = (steps: readonly ShareStep[], nowMs: number): number =>
  steps.find(({ fromMs }) => fromMs > nowMs)?.fromMs ?? Number.POSITIVE_INFINITY;
