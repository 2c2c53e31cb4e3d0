import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TableProgress } from '../../src/contract/table.ts';
import { nextPollMs, sliceIsOver } from '../../src/rules/passes/polling.ts';
import { recordReading, type PassTracking } from '../../src/rules/passes/tracking.ts';
import { begun, POLICY, reading, watched } from './readings.ts';

const HOUR_MS = 3_600_000;

const pollAt = (watch: PassTracking): number => nextPollMs(watch, POLICY, watch.lastReadAtMs);

/** A steady run read at `second`, `done` of `total` cells done. */
const steady = (second: number, done: number, total: number): PassTracking =>
  watched(
    begun({ requestedCells: total }),
    [second / 2, reading(total, { cellsDone: done / 2, cellsInProgress: total - done / 2 })],
    [second, reading(total, { cellsDone: done, cellsInProgress: total - done })],
  );

describe('how long until the next reading', () => {
  test('at most three quarters of the time gone, however much is left', () => {
    expect(pollAt(steady(100, 100, 10_000))).toBe(75_000);
  });

  test('at most the time gone, while none of many cells is done', () => {
    const watch = watched(begun({ requestedCells: 1_000 }), [
      40,
      reading(1_000, { cellsInProgress: 50 }),
    ]);
    expect(pollAt(watch)).toBe(40_000);
  });

  test('the shortest interval, while the clock is behind the start of the pass', () => {
    const watch = steady(300, 100, 1_000);
    const behindMs = watch.startedAtMs - 600_000;
    expect(nextPollMs(watch, POLICY, behindMs)).toBe(POLICY.minPollIntervalMs);
  });

  test('often at the end of few places that followed many quick cells', () => {
    let watch = watched(
      begun({ requestedCells: 900 }),
      [5, reading(900, { cellsDone: 100, cellsInProgress: 200 })],
      [30, reading(900, { cellsDone: 600, cellsInProgress: 5 })],
    );
    for (let at = 1; at < 100; at += 1) {
      watch = watched(watch, [
        30 + at * 60,
        reading(900, { cellsDone: 600 + at * 3, cellsInProgress: 5 }),
      ]);
    }
    watch = watched(watch, [6_000, reading(900, { cellsDone: 898, cellsInProgress: 2 })]);
    expect(pollAt(watch)).toBeLessThan(POLICY.minPollIntervalMs * 5);
  });

  test('not as at the end, where more cells are in progress than were said to be requested', () => {
    let watch = begun({ requestedCells: 50 });
    for (let minute = 1; minute <= 60; minute += 1) {
      watch = watched(watch, [
        minute * 60,
        reading(2_000, { cellsDone: minute * 10, cellsInProgress: 20 }),
      ]);
    }
    expect(pollAt(watch)).toBeGreaterThan(POLICY.minPollIntervalMs * 5);
  });

  test('never more than the longest interval', () => {
    expect(pollAt(steady(7_200, 1_000, 10_000))).toBe(POLICY.maxPollIntervalMs);
  });

  test('shorter and shorter towards the end', () => {
    const early = pollAt(steady(3_600, 9_000, 10_000));
    const late = pollAt(steady(3_600, 9_900, 10_000));
    const last = pollAt(steady(3_600, 9_999, 10_000));
    expect(early).toBeGreaterThan(late);
    expect(late).toBeGreaterThan(last);
    expect(last).toBeLessThan(POLICY.minPollIntervalMs * 1.5);
  });

  test('rarely between two waves, while undone cells are no failed ones', () => {
    const wave = 20;
    let watch = begun({ requestedCells: 200 });
    for (let second = 0; second <= 540; second += 180) {
      const cellsDone = (second / 180) * wave;
      watch = watched(
        watch,
        [second + 5, reading(200, { cellsDone, cellsInProgress: wave, running: true })],
        [second + 175, reading(200, { cellsDone: cellsDone + wave - 1, cellsInProgress: 1 })],
      );
    }
    expect(pollAt(watch)).toBeGreaterThan(60_000);
  });

  test('often at the end of waves, whose failed cells were seen', () => {
    const wave = 20;
    let watch = begun({ requestedCells: 100 });
    for (let second = 0; second <= 720; second += 180) {
      // Each wave loses five.
      const cellsDone = (second / 180) * (wave - 5);
      watch = watched(
        watch,
        [second + 5, reading(100, { cellsDone, cellsInProgress: wave, running: true })],
        [second + 175, reading(100, { cellsDone: cellsDone + wave - 6, cellsInProgress: 1 })],
      );
    }
    expect(pollAt(watch)).toBeLessThan(POLICY.minPollIntervalMs * 1.5);
  });

  test('often near the end, however many cells are lost, where queued cells count as in progress', () => {
    const watch = watched(
      begun({ requestedCells: 1_000 }),
      [10, reading(1_000, { cellsInProgress: 990, cellsDone: 10 })],
      [900, reading(1_000, { cellsInProgress: 1, cellsDone: 600 })],
    );
    expect(watch.countsQueued).toBe(true);
    expect(pollAt(watch)).toBeLessThan(POLICY.minPollIntervalMs * 1.5);
  });

  test('less often in a pause, in which nothing is in progress, the longer it lasts', () => {
    const pauseOf = (seconds: number): number => {
      const paused = reading(1_000, { cellsDone: 300, running: true });
      return pollAt(
        watched(
          begun({ requestedCells: 1_000 }),
          [300, reading(1_000, { cellsDone: 150, cellsInProgress: 50, running: true })],
          [600, paused],
          [600 + seconds, paused],
        ),
      );
    };
    expect(pauseOf(10)).toBeGreaterThanOrEqual(10_000);
    expect(pauseOf(30)).toBeGreaterThanOrEqual(30_000);
    expect(pauseOf(600)).toBeLessThanOrEqual(POLICY.maxPollIntervalMs);
  });

  test('soon within a wave, although waves before it were slow on the whole', () => {
    const wave = 100;
    const during = (cellsDone: number, cellsInProgress: number): TableProgress =>
      reading(500, { cellsDone, cellsInProgress, running: true });
    const before = watched(
      begun({ requestedCells: 500 }),
      [200, during(wave, wave)],
      [400, during(2 * wave, wave)],
      [600, during(3 * wave, wave)],
      [800, during(4 * wave, wave)],
    );
    const slowly = watched(before, [850, during(4 * wave + 25, 75)]);
    const fast = watched(before, [841, during(4 * wave, wave)], [850, during(4 * wave + 25, 75)]);
    expect(pollAt(fast)).toBeLessThan(pollAt(slowly));
  });

  test('less often where two cells have outlasted the others for long', () => {
    const drained = (untilSecond: number): number => {
      const before = watched(steady(1_000, 480, 500), [
        untilSecond - 40,
        reading(500, { cellsDone: 497, cellsInProgress: 3 }),
      ]);
      return pollAt(
        watched(before, [untilSecond, reading(500, { cellsDone: 498, cellsInProgress: 2 })]),
      );
    };
    expect(drained(1_400)).toBeGreaterThan(drained(1_100));
  });

  test('rarely between waves that lose cells, although quick cells before them lost none', () => {
    const wave = 60;
    let watch = watched(begun({ requestedCells: 1_000 }), [
      30,
      reading(1_000, { cellsDone: 600, cellsInProgress: wave }),
    ]);
    for (let waves = 0; waves < 3; waves += 1) {
      // Each wave loses ten.
      const cellsDone = 600 + waves * (wave - 10);
      const second = 30 + waves * 300;
      watch = watched(
        watch,
        [second + 5, reading(1_000, { cellsDone, cellsInProgress: wave, running: true })],
        [second + 295, reading(1_000, { cellsDone: cellsDone + wave - 11, cellsInProgress: 1 })],
      );
    }
    expect(pollAt(watch)).toBeGreaterThan(60_000);
  });

  test('tracking of an earlier version is understood', () => {
    const { topRatePerMs, manyAtMs, countsQueued, ...earlier } = steady(3_600, 9_900, 10_000);
    expect([topRatePerMs, manyAtMs, countsQueued]).not.toContain(undefined);
    const waitMs = pollAt(earlier);
    expect(waitMs).toBeGreaterThanOrEqual(POLICY.minPollIntervalMs);
    const hanging = reading(10_000, { cellsDone: 9_999, cellsInProgress: 1 });
    const later = recordReading(earlier, hanging, earlier.lastReadAtMs + waitMs);
    expect(pollAt(later)).toBeLessThan(POLICY.minPollIntervalMs * 1.5);
  });

  test('soon after an idle reading', () => {
    const watch = watched(steady(3_600, 4_000, 10_000), [
      3_700,
      reading(10_000, { cellsDone: 4_000 }),
    ]);
    expect(pollAt(watch)).toBe(POLICY.minPollIntervalMs);
  });

  test('less and less often while an idle reading is not believed', () => {
    let watch = begun();
    const waits: number[] = [];
    for (let reads = 0; reads < 30; reads += 1) {
      watch = recordReading(watch, reading(100), watch.lastReadAtMs + 1);
      waits.push(pollAt(watch));
    }
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    expect(waits.slice(0, 3)).toEqual([2_000, 2_000, 2_000]);
    expect(waits.at(-1)).toBe(POLICY.maxPollIntervalMs);
  });

  test('cells stalled for an hour are not polled every two seconds', () => {
    const hanging = reading(10_000, { cellsDone: 9_998, cellsInProgress: 2 });
    let watch = recordReading(steady(1_200, 9_990, 10_000), hanging, 1_210_000);
    let reads = 0;
    while (watch.lastReadAtMs < 2 * HOUR_MS) {
      watch = recordReading(watch, hanging, watch.lastReadAtMs + pollAt(watch));
      reads += 1;
    }
    expect(reads).toBeLessThan(300);
  });

  const anyWatch = fc
    .array(
      fc.record({
        afterMs: fc.integer({ min: 1, max: 900_000 }),
        done: fc.nat(400),
        inProgress: fc.nat(5_000),
      }),
      { minLength: 1, maxLength: 60 },
    )
    .map((steps) => {
      let watch = begun({ requestedCells: 5_000 });
      let cellsDone = 0;
      for (const { afterMs, done, inProgress } of steps) {
        cellsDone += done;
        const progress = reading(5_000, { cellsDone, cellsInProgress: inProgress, running: true });
        watch = recordReading(watch, progress, watch.lastReadAtMs + afterMs);
      }
      return watch;
    });

  test('within the bounds of the policy and of the time gone, always', () => {
    fc.assert(
      fc.property(anyWatch, fc.nat(120_000), (watch, laterMs) => {
        const nowMs = watch.lastReadAtMs + laterMs;
        const waitMs = nextPollMs(watch, POLICY, nowMs);
        expect(waitMs).toBeGreaterThanOrEqual(POLICY.minPollIntervalMs);
        expect(waitMs).toBeLessThanOrEqual(POLICY.maxPollIntervalMs);
        if (waitMs > POLICY.minPollIntervalMs) {
          expect(waitMs).toBeLessThanOrEqual(nowMs - watch.startedAtMs);
        }
      }),
    );
  });
});

describe('when a slice of waiting ends', () => {
  test('not in the first seconds, however much moves', () => {
    const start = begun();
    const watch = watched(start, [10, reading(100, { cellsDone: 90, cellsInProgress: 10 })]);
    expect(sliceIsOver(start, watch, 10_000)).toBe(false);
    expect(sliceIsOver(start, watch, 20_000)).toBe(true);
  });

  test('sooner at the beginning of a pass than later on', () => {
    const start = steady(60, 20, 100);
    const after = (second: number): PassTracking =>
      watched(start, [60 + second, reading(100, { cellsDone: 70, cellsInProgress: 30 })]);
    expect(sliceIsOver(start, after(50), 50_000)).toBe(false);
    expect(sliceIsOver(start, after(60), 60_000)).toBe(true);
  });

  test('not while next to nothing moves', () => {
    const start = steady(3_600, 1_000, 10_000);
    const watch = watched(start, [
      7_200,
      reading(10_000, { cellsDone: 1_100, cellsInProgress: 9 }),
    ]);
    expect(sliceIsOver(start, watch, HOUR_MS)).toBe(false);
  });

  test('before the step times out after 25 h, even when nothing can be read', () => {
    expect(sliceIsOver(begun(), begun(), 24 * HOUR_MS)).toBe(true);
  });

  /** Slices a pass takes whose cells get done in these steps. */
  const slicesOf = (
    steps: readonly { afterMs: number; done: number }[],
    total: number,
    requestedCells: number | null,
  ): number => {
    let watch = begun({ requestedCells });
    let start = watch;
    let sinceMs = 0;
    let slices = 1;
    let cellsDone = 0;
    for (const { afterMs, done } of steps) {
      const nowMs = watch.lastReadAtMs + afterMs;
      cellsDone = Math.min(total, cellsDone + done);
      watch = recordReading(watch, reading(total, { cellsDone, cellsInProgress: 1 }), nowMs);
      if (!sliceIsOver(start, watch, nowMs - sinceMs)) continue;
      slices += 1;
      start = watch;
      sinceMs = nowMs;
    }
    return slices;
  };

  test('at most 4 of them in 24 h, whatever the readings', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ afterMs: fc.integer({ min: 2_000, max: 120_000 }), done: fc.nat(300) }),
          { minLength: 500, maxLength: 1_500 },
        ),
        fc.integer({ min: 100, max: 30_000 }),
        fc.option(fc.nat(30_000)),
        (steps, total, requestedCells) => {
          let goneMs = 0;
          const day = steps.filter(({ afterMs }) => (goneMs += afterMs) <= 24 * HOUR_MS);
          expect(slicesOf(day, total, requestedCells)).toBeLessThanOrEqual(4);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a steady day has some, so that the details are refreshed', () => {
    const minutes = Array.from({ length: 24 * 30 }, () => ({ afterMs: 120_000, done: 14 }));
    const slices = slicesOf(minutes, 10_000, 10_000);
    expect(slices).toBe(4);
  });
});
