import { cellsLeft, timeLeftMs, type PassTracking } from './tracking.ts';

/** Expectation for a pass in progress. Times are epoch ms, durations ms. */
export interface Forecast {
  /** `null` before anything moved, and while nothing does. */
  cellsPerMinute: number | null;
  /** `null` where nothing moves, nothing is known to be left, or it would take beyond the deadline. */
  leftMs: number | null;
  /** Time of the last change; `null` while the counts change. */
  quietSinceMs: number | null;
}

/** Time without a change after which a pass is quiet … */
const QUIET_AFTER_MS = 60_000;
/** … or for so many times as long as a cell takes at the rate of late. */
const QUIET_CELLS = 5;

/** The first readings of a pass show what its table fills by itself, not what providers research. */
const FORECAST_AFTER_MS = 10_000;

/** Returns the recent rate in cells per ms, at most the average of the pass; 0 without evidence. */
function rateOf({ ratePerMs, doneAtStart, startedAtMs, last, lastReadAtMs }: PassTracking): number {
  const goneMs = lastReadAtMs - startedAtMs;
  if (last === null || goneMs < FORECAST_AFTER_MS) return 0;
  return Math.min(ratePerMs, Math.max(0, last.cellsDone - doneAtStart) / goneMs);
}

/** Returns a forecast, without rate and time left if there is no evidence. */
export function forecastOf(tracking: PassTracking, nowMs: number, deadlineAtMs: number): Forecast {
  const { last, ratePerMs, lastChangeAtMs } = tracking;
  const changed = last !== null && ratePerMs > 0;
  const quietAfterMs = Math.max(QUIET_AFTER_MS, changed ? QUIET_CELLS / ratePerMs : 0);
  if (nowMs - lastChangeAtMs >= quietAfterMs) {
    return { cellsPerMinute: null, leftMs: null, quietSinceMs: lastChangeAtMs };
  }
  const rate = rateOf(tracking);
  const cells = cellsLeft(tracking);
  const leftMs = cells > 0 && rate > 0 ? Math.max(cells / rate, timeLeftMs(tracking) ?? 0) : null;
  const isKept = leftMs !== null && nowMs + leftMs <= deadlineAtMs;
  return {
    cellsPerMinute: rate > 0 ? rate * 60_000 : null,
    leftMs: isKept ? leftMs : null,
    quietSinceMs: null,
  };
}
