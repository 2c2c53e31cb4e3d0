import { expect, test } from '@jest/globals';
import { classifyIdle, type PassStatus } from '../../src/rules/passes/idle.ts';
import {
  resetStallTimer,
  resumeTracking,
  type PassTracking,
} from '../../src/rules/passes/tracking.ts';
import { begun, POLICY, reading, watched } from './readings.ts';

const verdictAt = (second: number, watch: PassTracking): PassStatus =>
  classifyIdle(watch, POLICY, second * 1_000);

test('nothing is judged before the first reading', () => {
  expect(verdictAt(1_000_000, begun())).toBe('running');
});

test('idle with every cell done is believed at once', () => {
  const watch = watched(
    begun(),
    [2, reading(100, { cellsInProgress: 100 })],
    [60, reading(100, { cellsDone: 100 })],
  );
  expect(verdictAt(60, watch)).toBe('idle');
});

test('a table that was done before the run is not idle before anything moved', () => {
  const watch = watched(begun({ doneAtStart: 100, requestedCells: 5 }), [
    1,
    reading(100, { cellsDone: 100 }),
  ]);
  expect(verdictAt(1, watch)).toBe('running');
});

test('idle is believed at once when the last cells in progress were seen to get done', () => {
  const watch = watched(
    begun(),
    [2, reading(100, { cellsInProgress: 50 })],
    [60, reading(100, { cellsDone: 93, cellsInProgress: 2 })],
    [62, reading(100, { cellsDone: 95 })],
  );
  expect(verdictAt(62, watch)).toBe('idle');
});

test('idle while cells in progress vanished without getting done needs a second reading', () => {
  const before = watched(
    begun(),
    [2, reading(100, { cellsInProgress: 50 })],
    [60, reading(100, { cellsDone: 80, cellsInProgress: 20 })],
    [62, reading(100, { cellsDone: 81 })],
  );
  expect(verdictAt(62, before)).toBe('running');
  const after = watched(before, [64, reading(100, { cellsDone: 81 })]);
  expect(verdictAt(64, after)).toBe('idle');
});

test('idle is believed at once when the last cell is lost, as others were before', () => {
  const lostBefore = (lost: number): PassTracking =>
    watched(
      begun(),
      [2, reading(100, { cellsInProgress: 100 })],
      [60, reading(100, { cellsDone: 99 - lost, cellsInProgress: 1 })],
      [62, reading(100, { cellsDone: 99 - lost })],
    );
  expect(verdictAt(62, lostBefore(3))).toBe('idle');
  expect(verdictAt(62, lostBefore(0))).toBe('running');
});

test('idle is believed at once when the last cells in progress were counted as failed', () => {
  const watch = watched(
    begun(),
    [2, reading(100, { cellsInProgress: 50, cellsFailed: 0 })],
    [60, reading(100, { cellsDone: 93, cellsInProgress: 2, cellsFailed: 5 })],
    [62, reading(100, { cellsDone: 93, cellsFailed: 7 })],
  );
  expect(verdictAt(62, watch)).toBe('idle');
});

test('idle with much left needs a second reading: the next column may not be queued yet', () => {
  const before = watched(
    begun({ requestedCells: 200 }),
    [2, reading(200, { cellsInProgress: 5 })],
    [60, reading(200, { cellsDone: 98, cellsInProgress: 2 })],
    [62, reading(200, { cellsDone: 100 })],
  );
  expect(verdictAt(62, before)).toBe('running');
  const resumed = watched(before, [64, reading(200, { cellsDone: 100, cellsInProgress: 5 })]);
  expect(verdictAt(64, resumed)).toBe('running');
});

test('an idle reading with other counts than the one before is a first one again', () => {
  const watch = watched(
    begun(),
    [2, reading(100, { cellsInProgress: 50 })],
    [60, reading(100, { cellsDone: 40 })],
    [62, reading(100, { cellsDone: 41 })],
  );
  expect(watch.consecutiveIdleReadings).toBe(1);
  expect(verdictAt(62, watch)).toBe('running');
});

test('idle right after the start is not believed until the settling time is over', () => {
  let watch = begun();
  for (let second = 0; second < 12; second += 2) {
    watch = watched(watch, [second, reading(100)]);
    expect(verdictAt(second, watch)).toBe('running');
  }
  expect(verdictAt(12, watched(watch, [12, reading(100)]))).toBe('idle');
});

test('a run that queued nothing is idle on the second reading', () => {
  const watch = watched(begun({ requestedCells: 0 }), [0, reading(100)], [2, reading(100)]);
  expect(verdictAt(2, watch)).toBe('idle');
});

test('cells known to be in flight must move: idle without movement ends as a stall', () => {
  let watch = begun({ requireProgress: true });
  for (let second = 0; second < 1_800; second += 60) {
    watch = watched(watch, [second, reading(100)]);
    expect(verdictAt(second, watch)).toBe('running');
  }
  expect(verdictAt(1_800, watched(watch, [1_800, reading(100)]))).toBe('stalled');
});

test('only a stall time without any change is a stall', () => {
  const stuck = reading(100, { cellsDone: 40, cellsInProgress: 3 });
  const watch = watched(begun(), [10, reading(100, { cellsInProgress: 50 })], [100, stuck]);
  expect(verdictAt(1_899, watched(watch, [1_899, stuck]))).toBe('running');
  expect(verdictAt(1_900, watched(watch, [1_900, stuck]))).toBe('stalled');
  const moved = watched(watch, [1_899, { ...stuck, cellsInProgress: 2 }]);
  expect(verdictAt(1_900, moved)).toBe('running');
});

test('a time without readings keeps the evidence before it', () => {
  const stuck = reading(100, { cellsDone: 40, cellsInProgress: 3 });
  const seen = watched(begun(), [10, reading(100, { cellsInProgress: 50 })], [100, stuck]);
  const hungFor = watched(seen, [1_800, stuck]);
  const resumed = watched(resumeTracking(hungFor, 90_000_000), [90_000, stuck]);
  expect(verdictAt(90_000, resumed)).toBe('running');
  expect(verdictAt(90_100, watched(resumed, [90_100, stuck]))).toBe('stalled');
});

test('the stall time restarts when its cause is gone', () => {
  const stuck = reading(100, { cellsDone: 40, cellsInProgress: 3 });
  const seen = watched(begun(), [10, reading(100, { cellsInProgress: 50 })], [100, stuck]);
  const stalled = watched(seen, [1_900, stuck]);
  const topUp = watched(resumeTracking(resetStallTimer(stalled), 9_000_000), [9_000, stuck]);
  expect(verdictAt(10_799, watched(topUp, [10_799, stuck]))).toBe('running');
  expect(verdictAt(10_800, watched(topUp, [10_800, stuck]))).toBe('stalled');
});

test('idle with many open cells is not believed at once, although others were lost', () => {
  const watch = watched(
    begun({ requestedCells: 100 }),
    [2, reading(100, { cellsInProgress: 20 })],
    [30, reading(100, { cellsInProgress: 18 })],
    [60, reading(100, { cellsDone: 40, cellsInProgress: 20 })],
    [90, reading(100, { cellsDone: 72, cellsInProgress: 2 })],
    [92, reading(100, { cellsDone: 72 })],
  );
  expect(verdictAt(92, watch)).toBe('running');
});
