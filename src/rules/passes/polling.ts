import { remainingOf } from './remaining.ts';
import { expectedCells, type PassTracking } from './tracking.ts';

export interface PollPolicy {
  minPollIntervalMs: number;
  maxPollIntervalMs: number;
}

const IDLE_BACKOFF = 1.3;

/** Share of the time gone, until something is done … */
const UNMOVED_SHARE = 0.05;
/** … and of a pass of more than so many cells, whose first ones are not its last. */
const UNMOVED_SHARE_MANY = 1;
const MANY_CELLS = 50;

/** So many shortest intervals and the time of a reply are the 3 s by which an end may be noticed late. */
const LATE_INTERVALS = 1.345;
/** Share of the least time left, where many cells are left: fewer of them may end at once. */
const LEFT_SHARE = 0.36;
/** Chance that the pass ends within the share of the time left that follows from it. */
const END_CHANCE = 0.0003;
/** Longer passes afford shorter intervals: they are a smaller share of all. */
const LONG_PASS_MS = 25 * 60_000;

/** Readings become rarer once nothing has moved for this share of the pass … */
const QUIET_SHARE = 0.6;
/** … by this share of the time beyond it. */
const QUIET_BEYOND_SHARE = 1 / 50;

/** Share of the time gone, which bounds what wrong estimates cost. */
const GONE_SHARE = 0.75;

/**
 * Returns the time before the next reading, within the policy's bounds. It follows from the least
 * time left: an end before the next reading must be improbable. So long runs are polled rarely in the
 * middle and often at the end. The constants come from simulated runs (`npm run bench`, R2 and R3).
 */
export function nextPollMs(tracking: PassTracking, policy: PollPolicy, nowMs: number): number {
  // An idle reading is confirmed soon: the answer decides whether the pass is over. One that is not
  // believed after that (nothing moved yet) is asked for less and less often.
  if (tracking.consecutiveIdleReadings > 0) {
    const backoff = IDLE_BACKOFF ** Math.max(0, tracking.consecutiveIdleReadings - 3);
    return Math.min(policy.minPollIntervalMs * backoff, policy.maxPollIntervalMs);
  }
  const wantedMs = untilEndMs(tracking, policy, Math.max(1, nowMs - tracking.startedAtMs));
  return Math.min(Math.max(wantedMs, policy.minPollIntervalMs), policy.maxPollIntervalMs);
}

/** The time within which the pass hardly ends. */
function untilEndMs(tracking: PassTracking, policy: PollPolicy, goneMs: number): number {
  const { cells, ms, sureMs } = remainingOf(tracking);
  if (ms === null) return goneMs * (cells > MANY_CELLS ? UNMOVED_SHARE_MANY : UNMOVED_SHARE);
  const { lastReadAtMs, lastChangeAtMs, manyAtMs = lastReadAtMs } = tracking;
  const quietMs = lastReadAtMs - lastChangeAtMs;
  // Cells that have outlasted the others for long will take about as long again.
  const leftMs = Math.max(ms, quietMs, lastReadAtMs - manyAtMs);
  const wantedMs =
    policy.minPollIntervalMs * LATE_INTERVALS +
    leftMs * shareOfLeft(cells, Math.min(1, LONG_PASS_MS / goneMs)) +
    Math.max(0, quietMs - goneMs * QUIET_SHARE) * QUIET_BEYOND_SHARE;
  return Math.min(Math.max(wantedMs, sureMs), goneMs * GONE_SHARE);
}

/**
 * Returns the share of the time left within which all cells end with a chance of `END_CHANCE`. Each
 * cell ends by itself, at any moment as likely as at another. A single one may end at once.
 *
 * @param ease Share (0..1) of the chance that a pass of such a length affords
 */
function shareOfLeft(cells: number, ease: number): number {
  if (cells <= 1) return 0;
  const share = -Math.log(1 - (END_CHANCE * ease) ** (1 / cells));
  return Math.min(LEFT_SHARE * Math.sqrt(ease), share);
}

/** A slice ends after this share of the cells of the pass, or this long, or some of each … */
const SLICE_SHARE = 3 / 8;
/** (below the time-out of the step) */
const MAX_SLICE_MS = 24 * 3_600_000;
/** … but not sooner than this, and later in a pass that has lasted longer: up to two minutes. */
const MIN_SLICE_MS = 20_000;
const MIN_SLICE_LATER_MS = 120_000;

/**
 * Checks whether a slice ends, so that the workflow can refresh its details. Each costs history: a
 * pass of up to 24 h has at most 4. Heartbeats show the progress within a slice.
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
