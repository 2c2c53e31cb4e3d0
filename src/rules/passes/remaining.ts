import { expectedCells, type PassTracking } from './tracking.ts';

/** Least that is left of a pass, whichever of its cells have failed unseen. */
export interface Remaining {
  cells: number;
  /** ms, by the recent rate; `null` before anything moved. */
  ms: number | null;
  /** Time in which the pass cannot end yet, because more cells start behind those in flight, ms. */
  sureMs: number;
}

/** Share of the most cells in flight below which a queue drains. */
const DRAINS_BELOW = 0.9;

/** The last cell to start takes this share of the mean time of a cell, or more. */
const IN_FLIGHT_SHARE = 0.5;

/**
 * Returns the least that is left. Some APIs count queued cells as in progress, others do not; failed
 * cells and those that depend on them are not always counted either. So an undone cell is left where
 * too few have been lost so far to explain it.
 */
export function remainingOf(tracking: PassTracking): Remaining {
  const { last, ratePerMs } = tracking;
  if (last === null) return { cells: tracking.requestedCells ?? 0, ms: null, sureMs: 0 };
  const expected = expectedCells(tracking, last);
  const done = Math.max(0, last.cellsDone - tracking.doneAtStart);
  const undone = Math.max(0, expected - done);
  const unexplained = Math.max(0, undone - done * mostLostPerDone(tracking));
  const drains = last.cellsInProgress < DRAINS_BELOW * tracking.peakInProgress;
  const cells = drains
    ? Math.max(Math.min(undone, last.cellsInProgress), unexplained)
    : unexplained;
  if (ratePerMs === 0) return { cells, ms: null, sureMs: 0 };
  const meanMs = last.cellsInProgress / ratePerMs;
  return {
    cells,
    ms: Math.max(1, cells) / ratePerMs,
    sureMs: drains ? 0 : meanMs * IN_FLIGHT_SHARE,
  };
}

/** A pass begins as if so many cells had left `in progress` … */
const ASSUMED_LEFT = 6;
/** … and so many of them undone. */
const ASSUMED_LOST = 1;
/** Most cells that one failed cell loses, those that depend on it included. */
const LOST_WITH_ONE = 2.5;
/** Value of `LOST_WITH_ONE` until as many cells have left `in progress` as were ever in it. */
const LOST_WITH_ONE_AT_FIRST = 5;

/**
 * Returns the most cells that may have been lost for each one done. Where places are not refilled at
 * once, readings show how many cells have left `in progress` without being done.
 */
function mostLostPerDone(tracking: PassTracking): number {
  const { leftProgress = 0, leftUndone = 0, peakInProgress } = tracking;
  const share = (leftUndone + ASSUMED_LOST) / (leftProgress + ASSUMED_LEFT);
  const perLost = leftProgress > peakInProgress ? LOST_WITH_ONE : LOST_WITH_ONE_AT_FIRST;
  return perLost * Math.min(share / (1 - Math.min(share, 0.9)), 9);
}
