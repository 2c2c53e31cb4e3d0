import type { TableProgress } from '../../contract/table.ts';

/**
 * Readings of one pass so far: idle, stall and the next poll are decided by them. Plain data: it travels
 * between slices and through heartbeats.
 */
export interface PassTracking {
  /** Time the run was accepted and first read, epoch ms. */
  startedAtMs: number;
  /** Done cells when the run was accepted. */
  doneAtStart: number;
  /** Cells the provider said it queued; `null` when unknown. */
  requestedCells: number | null;
  /** Something was seen running, or the counts changed. */
  progressSeen: boolean;
  /** Cells are known to be in flight: idle without movement is never believed. */
  requireProgress: boolean;
  last: TableProgress | null;
  lastReadAtMs: number;
  lastChangeAtMs: number;
  /** Readings so far. */
  reads: number;
  /** Equal readings in a row that said idle, the last one included. */
  consecutiveIdleReadings: number;
  /** Time of the first of those readings, epoch ms. */
  idleSinceMs: number;
  /** Idle is not believed before it has lasted so long. */
  quietMs: number;
  /** The counts explain the idle reading: what was in progress before it is done, little is left. */
  countsAddUp: boolean;
  /** Most cells seen in progress at once; fades slowly. */
  peakInProgress: number;
  /** Done cells per ms, newer readings weigh more. */
  ratePerMs: number;
  /** Highest rate between two readings; fades soon. Left out: 0. */
  topRatePerMs?: number;
  /**
   * Time of the last reading with more than a few cells in progress, or after which others had
   * started, epoch ms. Left out: that of the last reading.
   */
  manyAtMs?: number;
  /** All undone cells were in progress: queued ones count. Left out: not seen. */
  countsQueued?: true;
  /** Cells by which `in progress` has fallen while no others started. Left out: none. */
  leftProgress?: number;
  /** Cells that left `in progress` without being done: lost. */
  leftUndone?: number;
}

export interface TrackingStart {
  /** Done cells before the run was asked for. */
  doneAtStart: number;
  requestedCells: number | null;
  requireProgress: boolean;
  quietMs?: number;
}

export function startTracking(start: TrackingStart, nowMs: number): PassTracking {
  return {
    quietMs: 0,
    ...start,
    startedAtMs: nowMs,
    progressSeen: false,
    last: null,
    lastReadAtMs: nowMs,
    lastChangeAtMs: nowMs,
    reads: 0,
    consecutiveIdleReadings: 0,
    idleSinceMs: nowMs,
    countsAddUp: false,
    peakInProgress: 0,
    ratePerMs: 0,
  };
}

/**
 * Resumes tracking, perhaps on another worker. The time since the last reading does not count as a stall: no
 * reading was taken, and the clocks of two workers may differ.
 */
export function resumeTracking(tracking: PassTracking, nowMs: number): PassTracking {
  if (tracking.last === null) {
    return { ...tracking, startedAtMs: nowMs, lastReadAtMs: nowMs, lastChangeAtMs: nowMs };
  }
  const unseenMs = nowMs - tracking.lastReadAtMs;
  const { lastChangeAtMs, manyAtMs } = tracking;
  return {
    ...tracking,
    lastChangeAtMs: Math.min(nowMs, lastChangeAtMs + unseenMs),
    ...(manyAtMs === undefined ? {} : { manyAtMs: Math.min(nowMs, manyAtMs + unseenMs) }),
  };
}

/**
 * Returns the tracking that an attempt of the wait reported, where its report arrived and is
 * complete; else the one that the wait began with.
 */
export function laterTracking(start: PassTracking, reported: unknown): PassTracking {
  if (typeof reported !== 'object' || reported === null) return start;
  const isComplete = Object.keys(start).every((key) => key in reported);
  // Safe cast: the wait itself wrote it, with every field.
  return isComplete ? (reported as PassTracking) : start;
}

/**
 * Restarts the stall timer after its cause (missing credits) is resolved. A pause does not: no readings are
 * taken while paused (`resumeTracking`).
 */
export const resetStallTimer = (tracking: PassTracking): PassTracking => ({
  ...tracking,
  lastChangeAtMs: tracking.lastReadAtMs,
});

const isIdle = (p: TableProgress): boolean => !p.running && p.cellsInProgress === 0;

const sameCounts = (a: TableProgress, b: TableProgress): boolean =>
  a.cellsDone === b.cellsDone &&
  a.cellsInProgress === b.cellsInProgress &&
  a.cellsFailed === b.cellsFailed &&
  a.running === b.running;

/**
 * Share of the pass that is the time constant by which older readings fade, at least 10 s. It is longer
 * than the pauses between waves, and shorter than the quick cells at the start.
 */
const RATE_MEMORY_SHARE = 0.3;
const MIN_RATE_MEMORY_MS = 10_000;

/** Power of the age of the pass by which the most cells in progress fade: quick ones are over soon. */
const PEAK_FADES = 1 / 3;
/** Power by which the highest rate fades: it lasts as long as a wave or a burst. */
const TOP_RATE_FADES = 2.7;

/** Returns the share that is left of what earlier readings have seen. */
function faded(tracking: PassTracking, nowMs: number, power: number): number {
  const ageMs = (atMs: number): number => Math.max(MIN_RATE_MEMORY_MS, atMs - tracking.startedAtMs);
  return Math.min(1, ageMs(tracking.lastReadAtMs) / ageMs(nowMs)) ** power;
}

/** Shortens an estimate: every digit is written into the history, several times a slice. */
const rounded = (estimate: number): number => Number(estimate.toPrecision(5));

function nextRates(
  tracking: PassTracking,
  progress: TableProgress,
  nowMs: number,
): Pick<PassTracking, 'ratePerMs' | 'topRatePerMs'> {
  const { ratePerMs, topRatePerMs = 0 } = tracking;
  const sinceMs = nowMs - tracking.lastReadAtMs;
  const doneBefore = tracking.last?.cellsDone ?? tracking.doneAtStart;
  if (sinceMs <= 0) return { ratePerMs };
  const observed = Math.max(0, progress.cellsDone - doneBefore) / sinceMs;
  const top = Math.max(observed, topRatePerMs * faded(tracking, nowMs, TOP_RATE_FADES));
  const goneMs = nowMs - tracking.startedAtMs;
  const memoryMs = Math.max(MIN_RATE_MEMORY_MS, goneMs * RATE_MEMORY_SHARE);
  const weight = ratePerMs === 0 ? 1 : 1 - Math.exp(-sinceMs / memoryMs);
  return {
    ratePerMs: rounded(ratePerMs + weight * (observed - ratePerMs)),
    ...(top > 0 ? { topRatePerMs: rounded(top) } : {}),
  };
}

/** Adds one reading of the table to the evidence. */
export function recordReading(
  tracking: PassTracking,
  progress: TableProgress,
  nowMs: number,
): PassTracking {
  const changed = tracking.last !== null && !sameCounts(tracking.last, progress);
  const idle = isIdle(progress);
  const sameIdle = idle && tracking.consecutiveIdleReadings > 0 && !changed;
  const peakInProgress = Math.max(
    rounded(tracking.peakInProgress * faded(tracking, nowMs, PEAK_FADES)),
    progress.cellsInProgress,
  );
  return {
    ...tracking,
    progressSeen: tracking.progressSeen || !idle || progress.cellsDone !== tracking.doneAtStart,
    last: progress,
    lastReadAtMs: nowMs,
    lastChangeAtMs: changed ? nowMs : tracking.lastChangeAtMs,
    reads: tracking.reads + 1,
    consecutiveIdleReadings: idle ? (sameIdle ? tracking.consecutiveIdleReadings + 1 : 1) : 0,
    idleSinceMs: sameIdle ? tracking.idleSinceMs : nowMs,
    countsAddUp: idle && (sameIdle ? tracking.countsAddUp : explainsIdle(tracking, progress)),
    peakInProgress,
    ...nextRates(tracking, progress, nowMs),
    ...(isMany(peakInProgress, progress) || showsStarts(tracking.last, progress)
      ? { manyAtMs: nowMs }
      : {}),
    ...(showsQueued(tracking, progress) ? { countsQueued: true } : {}),
    ...cellsThatLeft(tracking, progress),
  };
}

/** Share of the most cells in progress below which a queue drains. */
const DRAINS_BELOW = 0.9;

/**
 * Checks whether a queue drains: places are not filled again. What is in progress may then be all
 * that is left, whether the API counts queued cells as in progress or not.
 */
export const isDraining = (peakInProgress: number, { cellsInProgress }: TableProgress): boolean =>
  cellsInProgress < DRAINS_BELOW * peakInProgress;

/** So many cells in progress, while a queue drains, are perhaps the last ones of a pass. */
const FEW_CELLS = 5;

const isMany = (peakInProgress: number, progress: TableProgress): boolean =>
  progress.cellsInProgress > FEW_CELLS || !isDraining(peakInProgress, progress);

/** Checks whether others have started: more cells were done than have left `in progress`. */
const showsStarts = (last: TableProgress | null, { cellsDone, cellsInProgress }: TableProgress) =>
  last !== null && cellsDone - last.cellsDone > Math.max(0, last.cellsInProgress - cellsInProgress);

/** Share of the cells of a pass that are done or in progress, where no others are queued … */
const SHOWN_SHARE = 0.9;
/** … and of done ones at most, so that lost cells do not matter much. */
const SHOWN_DONE_SHARE = 0.5;

/** Checks whether all cells that are not done are in progress. */
function showsQueued(tracking: PassTracking, progress: TableProgress): boolean {
  const expected = expectedCells(tracking, progress);
  const done = progress.cellsDone - tracking.doneAtStart;
  const shown = done + progress.cellsInProgress;
  return (
    progress.cellsInProgress > 0 &&
    done <= expected * SHOWN_DONE_SHARE &&
    shown >= expected * SHOWN_SHARE
  );
}

/**
 * Sums the cells that have left `in progress`; `{}` before the first. More done cells than left ones
 * show that others have started: how many were lost is not seen then.
 */
function cellsThatLeft(
  { last, leftProgress = 0, leftUndone = 0 }: PassTracking,
  progress: TableProgress,
): Pick<PassTracking, 'leftProgress' | 'leftUndone'> {
  const fall = last === null ? 0 : Math.max(0, last.cellsInProgress - progress.cellsInProgress);
  const done = last === null ? 0 : Math.max(0, progress.cellsDone - last.cellsDone);
  const left = showsStarts(last, progress) ? 0 : fall;
  if (leftProgress + left === 0) return {};
  return {
    leftProgress: leftProgress + left,
    leftUndone: leftUndone + Math.max(0, left - done),
  };
}

/** Share of the cells previously in progress that must be done, or counted as failed … */
const SEEN_ENDED_SHARE = 0.5;
/** … or so many of them at most are lost, in a pass in which others were … */
const LOST_AT_END = 2;
/** … and of all cells of the pass no more than this may be open: failed and blocked ones … */
const MAX_OPEN_SHARE = 0.3;
/** … where the last ones were lost. */
const MAX_OPEN_SHARE_LOST = 0.15;

/**
 * Checks whether the counts explain the end of the pass. A wrong idle in the middle of a run leaves
 * many cells open, or cells in progress that are not done afterwards.
 */
function explainsIdle(tracking: PassTracking, progress: TableProgress): boolean {
  const { last } = tracking;
  if (last === null || last.cellsInProgress === 0) return false;
  const seenDone = progress.cellsDone - last.cellsDone;
  const seenFailed = Math.max(0, (progress.cellsFailed ?? 0) - (last.cellsFailed ?? 0));
  const unseen = last.cellsInProgress - seenDone - seenFailed;
  const isLost = unseen <= Math.min(LOST_AT_END, tracking.leftUndone ?? 0);
  const isSeen = unseen <= last.cellsInProgress * (1 - SEEN_ENDED_SHARE);
  if (!isSeen && !isLost) return false;
  const expected = expectedCells(tracking, progress);
  const done = progress.cellsDone - tracking.doneAtStart;
  return expected - done <= expected * (isSeen ? MAX_OPEN_SHARE : MAX_OPEN_SHARE_LOST);
}

/** Cells of the pass. */
export function expectedCells(tracking: PassTracking, progress: TableProgress): number {
  return tracking.requestedCells ?? progress.cellsTotal - tracking.doneAtStart;
}

/** Cells that will probably still move in this pass. */
export function cellsLeft(tracking: PassTracking): number {
  const { last } = tracking;
  if (last === null) return tracking.requestedCells ?? 0;
  const done = last.cellsDone - tracking.doneAtStart;
  const undone = Math.max(0, expectedCells(tracking, last) - done);
  // Failed and blocked cells never become done.
  const isEnd = isDraining(tracking.peakInProgress, last);
  return isEnd ? Math.min(undone, last.cellsInProgress) : undone;
}

/** Time until the pass is idle by the rate of late; `null` before anything moved. */
export function leftByRateMs(tracking: PassTracking): number | null {
  return tracking.ratePerMs > 0 ? cellsLeft(tracking) / tracking.ratePerMs : null;
}

/**
 * Estimates the time until the pass is idle: by the recent rate, and at least the time since the
 * last change. `null` before any change.
 */
export function timeLeftMs(tracking: PassTracking): number | null {
  const byRateMs = leftByRateMs(tracking);
  return byRateMs === null
    ? null
    : Math.max(byRateMs, tracking.lastReadAtMs - tracking.lastChangeAtMs);
}
