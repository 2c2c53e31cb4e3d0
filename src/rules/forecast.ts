import { cellsLeft, timeLeftMs, type Watch } from './watch.ts';

/** What is expected of a pass under way. Times are epoch ms, durations ms. */
export interface Forecast {
  /** `null` before anything moved, and while nothing does. */
  cellsPerMinute: number | null;
  /** `null` where nothing moves, nothing is known to be left, or it would take beyond the deadline. */
  leftMs: number | null;
  /** No count has changed since; `null` while the pass moves. */
  quietSinceMs: number | null;
}

/** Without a change for so long a pass is quiet … */
const QUIET_AFTER_MS = 60_000;
/** … or for so many times as long as a cell takes at the rate of late. */
const QUIET_CELLS = 5;

/** No rate and no time left are given where nothing supports them. */
export function forecastOf(watch: Watch, nowMs: number, deadlineAtMs: number): Forecast {
  const { last, ratePerMs, lastChangeAtMs } = watch;
  const changed = last !== null && ratePerMs > 0;
  const quietAfterMs = Math.max(QUIET_AFTER_MS, changed ? QUIET_CELLS / ratePerMs : 0);
  if (nowMs - lastChangeAtMs >= quietAfterMs) {
    return { cellsPerMinute: null, leftMs: null, quietSinceMs: lastChangeAtMs };
  }
  const leftMs = cellsLeft(watch) > 0 ? timeLeftMs(watch) : null;
  const isKept = leftMs !== null && nowMs + leftMs <= deadlineAtMs;
  return {
    cellsPerMinute: changed ? ratePerMs * 60_000 : null,
    leftMs: isKept ? leftMs : null,
    quietSinceMs: null,
  };
}
