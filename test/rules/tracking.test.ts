import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cellsLeft,
  recordReading,
  resumeTracking,
  timeLeftMs,
} from '../../src/rules/passes/tracking.ts';
import { begun, reading, watched } from './readings.ts';

test('the time left follows the rate of late', () => {
  const watch = watched(
    begun({ requestedCells: 1_000 }),
    [100, reading(1_000, { cellsDone: 100, cellsInProgress: 900 })],
    [200, reading(1_000, { cellsDone: 200, cellsInProgress: 800 })],
  );
  expect(timeLeftMs(watch)).toBeCloseTo(800_000, -3);
});

test('a rate that falls makes the time left longer', () => {
  const watch = watched(
    begun({ requestedCells: 1_000 }),
    [100, reading(1_000, { cellsDone: 500, cellsInProgress: 500 })],
    [200, reading(1_000, { cellsDone: 510, cellsInProgress: 490 })],
  );
  expect(timeLeftMs(watch)).toBeGreaterThan(490_000 / 5);
});

test('before anything is done the time left is unknown', () => {
  const watch = watched(begun(), [10, reading(100, { cellsInProgress: 100 })]);
  expect(timeLeftMs(watch)).toBeNull();
});

test('a long stall is expected to last as long again', () => {
  const hanging = reading(100, { cellsDone: 99, cellsInProgress: 1 });
  const watch = watched(
    begun(),
    [10, reading(100, { cellsDone: 50, cellsInProgress: 50 })],
    [20, hanging],
    [320, hanging],
  );
  expect(timeLeftMs(watch)).toBeGreaterThanOrEqual(300_000);
});

test('failed cells are not waited for once the queue drains', () => {
  const watch = watched(
    begun(),
    [10, reading(100, { cellsInProgress: 20 })],
    [60, reading(100, { cellsDone: 70, cellsInProgress: 5 })],
  );
  expect(cellsLeft(watch)).toBe(5);
});

test('a first pass over a table with done cells counts only what is asked of it', () => {
  const watch = watched(begun({ doneAtStart: 900, requestedCells: 100 }), [
    60,
    reading(1_000, { cellsDone: 950, cellsInProgress: 50 }),
  ]);
  expect(cellsLeft(watch)).toBe(50);
});

test('a queue does not seem to drain once quick cells have ended', () => {
  const watch = watched(
    begun({ requestedCells: 2_000 }),
    [10, reading(2_000, { cellsDone: 50, cellsInProgress: 100 })],
    [60, reading(2_000, { cellsDone: 900, cellsInProgress: 50 })],
    [600, reading(2_000, { cellsDone: 1_100, cellsInProgress: 50 })],
  );
  expect(cellsLeft(watch)).toBe(900);
});

test('lost cells are counted only while no others start', () => {
  const watch = begun({ requestedCells: 200 });
  const before = watched(watch, [10, reading(200, { cellsInProgress: 50 })]);
  const drained = watched(before, [60, reading(200, { cellsDone: 15, cellsInProgress: 30 })]);
  expect(drained).toMatchObject({ leftProgress: 20, leftUndone: 5 });
  const refilled = watched(before, [60, reading(200, { cellsDone: 45, cellsInProgress: 30 })]);
  expect(refilled).not.toHaveProperty('leftProgress');
});

test('an API that counts queued cells is known by them', () => {
  const shows = (cellsDone: number, cellsInProgress: number): boolean =>
    watched(begun(), [10, reading(100, { cellsDone, cellsInProgress })]).countsQueued ?? false;
  expect(shows(5, 95)).toBe(true);
  expect(shows(5, 50)).toBe(false);
  expect(shows(90, 10)).toBe(false);
});

test('a time without readings does not make the last cells older', () => {
  const watch = watched(begun(), [60, reading(100, { cellsDone: 50, cellsInProgress: 50 })]);
  const last = watched(watch, [90, reading(100, { cellsDone: 98, cellsInProgress: 2 })]);
  const resumed = resumeTracking(last, 9_000_000);
  expect(9_000_000 - (resumed.manyAtMs ?? 0)).toBe(30_000);
});

test('a watch is plain data: it comes back from a heartbeat as it was', () => {
  const watch = watched(begun(), [10, reading(100, { cellsDone: 5, cellsInProgress: 95 })]);
  expect(JSON.parse(JSON.stringify(watch))).toEqual(watch);
});

const anyReading = fc
  .record({
    cellsDone: fc.nat(1_000),
    cellsInProgress: fc.nat(1_000),
    cellsFailed: fc.option(fc.nat(1_000)),
    running: fc.boolean(),
  })
  .map((said) => reading(1_000, said));

test('whatever is read, in whatever order, no figure goes astray', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -5_000, max: 600_000 }), anyReading), { maxLength: 40 }),
      fc.option(fc.nat(2_000)),
      fc.nat(1_000),
      (steps, requestedCells, doneAtStart) => {
        let watch = begun({ requestedCells, doneAtStart });
        let nowMs = 0;
        for (const [afterMs, progress] of steps) {
          // A clock may be set back.
          nowMs += afterMs;
          watch = recordReading(watch, progress, nowMs);
          expect(watch.ratePerMs).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(watch.ratePerMs)).toBe(true);
          expect(cellsLeft(watch)).toBeGreaterThanOrEqual(0);
          expect(timeLeftMs(watch) ?? 0).toBeGreaterThanOrEqual(0);
        }
        expect(watch.reads).toBe(steps.length);
      },
    ),
  );
});
