import type { TableProgress } from '../../src/contract/table.ts';
import { beginWatch, observe, type Watch, type WatchStart } from '../../src/rules/watch.ts';

export const POLICY = { pollAtLeastMs: 2_000, pollAtMostMs: 120_000, stallAfterMs: 30 * 60_000 };

/** A table of `total` cells; whatever is not said is zero. */
export const reading = (total: number, said: Partial<TableProgress> = {}): TableProgress => ({
  rows: total,
  running: (said.cellsInProgress ?? 0) > 0,
  cellsTotal: total,
  cellsDone: 0,
  cellsInProgress: 0,
  cellsFailed: null,
  ...said,
});

export const begun = (said: Partial<WatchStart> = {}): Watch =>
  beginWatch({ doneAtStart: 0, requestedCells: 100, mustMove: false, ...said }, 0);

/** Reads, one after the other, at these seconds. */
export const watched = (
  start: Watch,
  ...readings: readonly (readonly [second: number, progress: TableProgress])[]
): Watch =>
  readings.reduce((watch, [second, progress]) => observe(watch, progress, second * 1_000), start);
