import { expectedCells, leftByRateMs, nearsEnd, timeLeftMs, type Watch } from './watch.ts';

export interface PollPolicy {
  pollAtLeastMs: number;
  pollAtMostMs: number;
}

const IDLE_BACKOFF = 1.3;

/** The bounds. */
const LEFT_SHARE_AT_MOST = 1 / 2;
const GONE_SHARE_AT_MOST = 1 / 10;
/** What is wanted within them: of the time left by the rate of late … */
const LEFT_SHARE = 1 / 3;
/** … and of the time gone when the end is near: nobody can tell which cell is the last. */
const GONE_SHARE_NEAR_END = 0.03;

/**
 * How long to wait before the next reading: at most half of the time that is probably left and a
 * tenth of the time gone, within the policy's bounds. Long runs are polled rarely in the middle and
 * often at the end. The numbers come from simulated runs (`npm run bench`, R2 and R3).
 */
export function nextPollMs(watch: Watch, policy: PollPolicy, nowMs: number): number {
  // An idle reading is confirmed soon: the answer decides whether the pass is over. One that is not
  // believed after that (nothing moved yet) is asked for less and less often.
  if (watch.idleReads > 0) {
    const backoff = IDLE_BACKOFF ** Math.max(0, watch.idleReads - 3);
    return Math.min(policy.pollAtLeastMs * backoff, policy.pollAtMostMs);
  }
  const goneMs = nowMs - watch.startedAtMs;
  const leftMs = timeLeftMs(watch) ?? Number.POSITIVE_INFINITY;
  const mostMs = Math.min(leftMs * LEFT_SHARE_AT_MOST, goneMs * GONE_SHARE_AT_MOST);
  // By the rate alone: the cell that hangs may come to its end at any moment, as the others did.
  const byRateMs = leftByRateMs(watch) ?? Number.POSITIVE_INFINITY;
  const soonMs = nearsEnd(watch) ? goneMs * GONE_SHARE_NEAR_END : mostMs;
  const wantedMs = Math.max(
    Math.min(byRateMs * LEFT_SHARE, soonMs),
    sparingMs(watch, policy, goneMs),
  );
  const boundedMs = Math.max(Math.min(wantedMs, mostMs), policy.pollAtLeastMs);
  return Math.min(boundedMs, policy.pollAtMostMs);
}

/** After this long readings are rationed: cells that hang would else be asked after every time. */
const RATION_AFTER_MS = 15 * 60_000;
/** Of the readings that polling at the shortest interval would take: spared from here on … */
const RATION_FROM = 0.12;
/** … more and more up to here, where the interval is so many of the shortest. */
const RATION_TO = 0.16;
const RATION_STRETCH = 7;

/** The interval that the ration asks for; 0 while there is plenty. */
function sparingMs(watch: Watch, policy: PollPolicy, goneMs: number): number {
  if (goneMs < RATION_AFTER_MS) return 0;
  const used = (watch.reads * policy.pollAtLeastMs) / goneMs;
  const pressure = Math.min(1, (used - RATION_FROM) / (RATION_TO - RATION_FROM));
  return pressure <= 0 ? 0 : policy.pollAtLeastMs * (1 + pressure * (RATION_STRETCH - 1));
}

/** A slice ends after an eleventh of the cells of the pass, or this long, or some of each … */
const SLICE_SHARE = 1 / 11;
const SLICE_AT_MOST_MS = 2.8 * 3_600_000;
/** … but not sooner than this, and later in a pass that has lasted longer: up to two minutes. */
const SLICE_AT_LEAST_MS = 20_000;
const SLICE_AT_LEAST_LATER_MS = 120_000;

/**
 * Whether a slice has lasted long enough to hand back to the workflow, which then shows how the run
 * stands. Each costs history: a pass of up to 24 h has 20 of them at most, whatever its course.
 */
export function sliceIsOver(atStart: Watch, watch: Watch, sinceMs: number): boolean {
  if (watch.last === null) return sinceMs >= SLICE_AT_MOST_MS;
  const goneMs = atStart.lastReadAtMs - atStart.startedAtMs;
  const leastMs = Math.min(SLICE_AT_LEAST_LATER_MS, Math.max(SLICE_AT_LEAST_MS, goneMs));
  if (sinceMs < leastMs) return false;
  // The provider's count of requested cells may be lower than what really moves.
  const open = watch.last.cellsTotal - watch.doneAtStart;
  const cells = Math.max(1, open, expectedCells(watch, watch.last));
  const doneBefore = atStart.last?.cellsDone ?? atStart.doneAtStart;
  const share = (watch.last.cellsDone - doneBefore) / cells;
  return share / SLICE_SHARE + sinceMs / SLICE_AT_MOST_MS >= 1;
}
