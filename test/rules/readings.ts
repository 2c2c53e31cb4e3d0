import type { TableProgress } from '../../src/contract/table.ts';
import {
  startTracking,
  recordReading,
  type PassTracking,
  type TrackingStart,
} from '../../src/rules/passes/tracking.ts';

export const POLICY = {
  minPollIntervalMs: 2_000,
  maxPollIntervalMs: 120_000,
  stallAfterMs: 30 * 60_000,
};

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

export const begun = (said: Partial<TrackingStart> = {}): PassTracking =>
  startTracking({ doneAtStart: 0, requestedCells: 100, requireProgress: false, ...said }, 0);

/** Reads, one after the other, at these seconds. */
export const watched = (
  start: PassTracking,
  ...readings: readonly (readonly [second: number, progress: TableProgress])[]
): PassTracking =>
  readings.reduce(
    (watch, [second, progress]) => recordReading(watch, progress, second * 1_000),
    start,
  );
