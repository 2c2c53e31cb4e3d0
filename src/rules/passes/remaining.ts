import type { TableProgress } from '../../contract/table.ts';
import { expectedCells, isDraining, type PassTracking } from './tracking.ts';

/** Least that is left of a pass, whichever of its cells have failed unseen. */
export interface Remaining {
  cells: number;
  /** ms, by the highest rate of late; `null` before anything moved. */
  ms: number | null;
  /** Time in which the pass hardly ends yet, because cells in flight have just started, ms. */
  sureMs: number;
}

/**
 * Returns the least that is left. Some APIs count queued cells as in progress, others do not; failed
 * cells and those that depend on them are not always counted either. So an undone cell is left where
 * too few have been lost so far to explain it.
 */
export function remainingOf(tracking: PassTracking): Remaining {
  const { last, peakInProgress, topRatePerMs = 0 } = tracking;
  if (last === null) return { cells: tracking.requestedCells ?? 0, ms: null, sureMs: 0 };
  const done = Math.max(0, last.cellsDone - tracking.doneAtStart);
  const undone = Math.max(0, expectedCells(tracking, last) - done);
  const inProgress = Math.min(undone, last.cellsInProgress);
  const rate = Math.max(tracking.ratePerMs, topRatePerMs);
  const left = (cells: number, sureMs: number): Remaining =>
    rate === 0 ? { cells, ms: null, sureMs: 0 } : { cells, ms: Math.max(1, cells) / rate, sureMs };
  // The provider's count of requested cells may be lower than what really moves.
  const isLow = last.cellsInProgress > undone;
  if (tracking.countsQueued === true && !isLow) return left(inProgress, 0);
  const drains = isDraining(peakInProgress, last);
  // Quick cells at the start lose none: the others are as many as the rate of late explains.
  const slow = Math.min(done, rate * (tracking.lastReadAtMs - tracking.startedAtMs));
  const unexplained = Math.max(0, undone - slow * mostLostPerDone(tracking, drains));
  if (last.cellsInProgress === 0) return left(unexplained, pausedMs(tracking, rate));
  if (drains) return left(Math.max(inProgress, unexplained), 0);
  return left(unexplained, undone > inProgress || isLow ? lastEndsInMs(last, rate) : 0);
}

/** Cells that start again after a pause take this share of the mean time of a cell, or more. */
const PAUSED_SHARE = 0.5;

/**
 * Returns the time for which a pause will last. Running with nothing in progress is a pause, or a
 * flag that lags for a short time: it will last about as long again.
 */
function pausedMs(tracking: PassTracking, rate: number): number {
  const quietMs = tracking.lastReadAtMs - tracking.lastChangeAtMs;
  return Math.min(quietMs, (PAUSED_SHARE * tracking.peakInProgress) / rate);
}

/** Returns the mean time until the last of the cells in flight ends, if they end at any moment. */
function lastEndsInMs({ cellsInProgress }: TableProgress, rate: number): number {
  const meanMs = cellsInProgress / rate;
  return (meanMs * cellsInProgress) / (cellsInProgress + 1);
}

/** A pass begins as if so many cells had left `in progress` … */
const ASSUMED_LEFT = 8;
/** … and so many of them undone. */
const ASSUMED_LOST = 0.8;
/** Most cells that one failed cell loses, those that depend on it included. */
const LOST_WITH_ONE = 3.5;
/**
 * Value of `LOST_WITH_ONE` while a queue drains for the first time. It is emptied then, unless the
 * provider pauses.
 */
const LOST_WITH_ONE_AT_FIRST = 5;

/**
 * Returns the most cells that may have been lost for each one done. Where places are not refilled at
 * once, readings show how many cells have left `in progress` without being done.
 */
function mostLostPerDone(tracking: PassTracking, drains: boolean): number {
  const { leftProgress = 0, leftUndone = 0, peakInProgress } = tracking;
  const share = (leftUndone + ASSUMED_LOST) / (leftProgress + ASSUMED_LEFT);
  const isFirst = drains && leftProgress <= peakInProgress;
  const perLost = isFirst ? LOST_WITH_ONE_AT_FIRST : LOST_WITH_ONE;
  return perLost * Math.min(share / (1 - Math.min(share, 0.9)), 9);
}
