import {
  expectedCells,
  leftByRateMs,
  nearsEnd,
  timeLeftMs,
  type PassTracking,
} from './tracking.ts';

export interface PollPolicy {
  minPollIntervalMs: number;
  maxPollIntervalMs: number;
}

const IDLE_BACKOFF = 1.3;

/** The bounds. */
const MAX_LEFT_SHARE = 1 / 2;
const MAX_GONE_SHARE = 1 / 10;
/** Preferred share of the estimated time left … */
const LEFT_SHARE = 1 / 3;
/** … and of the time gone when the end is near: which cell is the last is unknown. */
const GONE_SHARE_NEAR_END = 0.03;

/**
 * Returns the time before the next reading: at most half of the estimated time left and a tenth of
 * the elapsed time, within the policy's bounds. Long runs are polled rarely in the middle and often
 * at the end. The constants come from simulated runs (`npm run bench`, R2 and R3).
 */
export function nextPollMs(tracking: PassTracking, policy: PollPolicy, nowMs: number): number {
  // An idle reading is confirmed soon: the answer decides whether the pass is over. One that is not
  // believed after that (nothing moved yet) is asked for less and less often.
  if (tracking.consecutiveIdleReadings > 0) {
    const backoff = IDLE_BACKOFF ** Math.max(0, tracking.consecutiveIdleReadings - 3);
    return Math.min(policy.minPollIntervalMs * backoff, policy.maxPollIntervalMs);
  }
  const goneMs = nowMs - tracking.startedAtMs;
  const leftMs = timeLeftMs(tracking) ?? Number.POSITIVE_INFINITY;
  const mostMs = Math.min(leftMs * MAX_LEFT_SHARE, goneMs * MAX_GONE_SHARE);
  // By the rate alone: a stalled cell may end at any moment, as the others did.
  const byRateMs = leftByRateMs(tracking) ?? Number.POSITIVE_INFINITY;
  const soonMs = nearsEnd(tracking) ? goneMs * GONE_SHARE_NEAR_END : mostMs;
  const wantedMs = Math.max(
    Math.min(byRateMs * LEFT_SHARE, soonMs),
    sparingMs(tracking, policy, goneMs),
  );
  const boundedMs = Math.max(Math.min(wantedMs, mostMs), policy.minPollIntervalMs);
  return Math.min(boundedMs, policy.maxPollIntervalMs);
}

/**
 * Time after which readings are rationed: stalled cells would otherwise cause a reading each
 * interval, in ms.
 */
const RATION_AFTER_MS = 15 * 60_000;
/** Share of the readings at the shortest interval from which polling slows down … */
const RATION_FROM = 0.12;
/** … more and more up to here, where the interval is so many of the shortest. */
const RATION_TO = 0.16;
const RATION_STRETCH = 7;

/** The interval that the ration asks for; 0 while there is plenty. */
function sparingMs(tracking: PassTracking, policy: PollPolicy, goneMs: number): number {
  if (goneMs < RATION_AFTER_MS) return 0;
  const used = (tracking.reads * policy.minPollIntervalMs) / goneMs;
  const pressure = Math.min(1, (used - RATION_FROM) / (RATION_TO - RATION_FROM));
  return pressure <= 0 ? 0 : policy.minPollIntervalMs * (1 + pressure * (RATION_STRETCH - 1));
}

/** A slice ends after an eleventh of the cells of the pass, or this long, or some of each … */
const SLICE_SHARE = 1 / 11;
const MAX_SLICE_MS = 2.8 * 3_600_000;
/** … but not sooner than this, and later in a pass that has lasted longer: up to two minutes. */
const MIN_SLICE_MS = 20_000;
const MIN_SLICE_LATER_MS = 120_000;

/**
 * Checks whether a slice ends, so that the workflow can show progress. Each costs history: a pass
 * of up to 24 h has at most 20.
 */
export function sliceIsOver(
  atStart: PassTracking,
  tracking: PassTracking,
  sinceMs: number,
): boolean {
  if (tracking.last === null) return sinceMs >= MAX_SLICE_MS;
  const goneMs = atStart.lastReadAtMs - atStart.startedAtMs;
  const leastMs = Math.min(MIN_SLICE_LATER_MS, Math.max(MIN_SLICE_MS, goneMs));
  if (sinceMs < leastMs) return false;
  // The provider's count of requested cells may be lower than what really moves.
  const open = tracking.last.cellsTotal - tracking.doneAtStart;
  const cells = Math.max(1, open, expectedCells(tracking, tracking.last));
  const doneBefore = atStart.last?.cellsDone ?? atStart.doneAtStart;
  const share = (tracking.last.cellsDone - doneBefore) / cells;
  return share / SLICE_SHARE + sinceMs / MAX_SLICE_MS >= 1;
}
