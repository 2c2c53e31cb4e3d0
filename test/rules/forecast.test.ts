import { expect, test } from '@jest/globals';
import { forecastOf } from '../../src/rules/passes/forecast.ts';
import {
  startTracking,
  recordReading,
  type PassTracking,
} from '../../src/rules/passes/tracking.ts';

const MINUTE_MS = 60_000;
const DEADLINE_MS = 6 * 60 * MINUTE_MS;

const reading = (cellsDone: number, cellsInProgress: number) => ({
  rows: 100,
  running: cellsInProgress > 0,
  cellsTotal: 100,
  cellsDone,
  cellsInProgress,
  cellsFailed: 0,
});

/** Ten cells a minute for five minutes. */
function moving(): PassTracking {
  let watch = startTracking({ doneAtStart: 0, requestedCells: 100, requireProgress: false }, 0);
  for (let minute = 0; minute <= 5; minute += 1) {
    watch = recordReading(watch, reading(minute * 10, 20), minute * MINUTE_MS);
  }
  return watch;
}

test('a pass that moves has a rate and a time left', () => {
  const forecast = forecastOf(moving(), 5.5 * MINUTE_MS, DEADLINE_MS);
  expect(forecast.quietSinceMs).toBeNull();
  expect(forecast.cellsPerMinute).toBeCloseTo(10, 0);
  expect(forecast.leftMs).toBeCloseTo(5 * MINUTE_MS, -5);
});

test('a pass in which nothing moves has only a start of its silence', () => {
  expect(forecastOf(moving(), 9 * MINUTE_MS, DEADLINE_MS)).toEqual({
    cellsPerMinute: null,
    leftMs: null,
    quietSinceMs: 5 * MINUTE_MS,
  });
});

test('no forecast reaches beyond the deadline', () => {
  expect(forecastOf(moving(), 5.5 * MINUTE_MS, 7 * MINUTE_MS).leftMs).toBeNull();
});

test('a pass that is done has no time left to show', () => {
  const done = recordReading(moving(), reading(100, 0), 5.2 * MINUTE_MS);
  expect(forecastOf(done, 5.2 * MINUTE_MS, DEADLINE_MS).leftMs).toBeNull();
});

test('a burst in the first seconds is no forecast', () => {
  let watch = startTracking({ doneAtStart: 0, requestedCells: 100, requireProgress: false }, 0);
  // Columns that the table fills by itself are done at once.
  watch = recordReading(watch, reading(60, 20), 7);
  expect(forecastOf(watch, 20, DEADLINE_MS)).toMatchObject({ cellsPerMinute: null, leftMs: null });
  watch = recordReading(watch, reading(61, 20), 4_000);
  expect(forecastOf(watch, 4_000, DEADLINE_MS)).toMatchObject({ leftMs: null });
});

test('no forecast is better than the pass has been so far', () => {
  let watch = startTracking({ doneAtStart: 0, requestedCells: 100, requireProgress: false }, 0);
  for (const [done, atMs] of [
    [0, 20_000],
    [0, 40_000],
    [40, 50_000],
  ] as const) {
    watch = recordReading(watch, reading(done, 20), atMs);
  }
  const { cellsPerMinute, leftMs } = forecastOf(watch, 50_000, DEADLINE_MS);
  expect(cellsPerMinute).toBeLessThanOrEqual(48);
  expect(leftMs).toBeGreaterThanOrEqual(20 / (40 / 50_000));
});
