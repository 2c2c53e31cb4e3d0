import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReasonCounts } from '../../activities/results/summary/reasons.ts';
import { addPastRun } from '../../activities/results/report/past-runs.ts';
import {
  readTimeline,
  recordReadings,
  recordScan,
  thinned,
} from '../../activities/run-files/run-timeline.ts';
import type { PastRun, Reading } from '../../src/report/facts.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';

let place: string;
let folder: Folder;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'rowmill-notes-'));
  folder = createFileStore(place).pipeline({ pipeline: 'p', owner: null });
});
afterEach(() => rm(place, { recursive: true }));

const reading = (atMs: number): Reading => ({
  atMs,
  total: 9,
  done: 1,
  inProgress: 1,
  failed: null,
});
const readings = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => reading(from + n));
const past = (n: number): PastRun => ({
  workflowId: `night-${n}`,
  firstRunId: `r${n}`,
  startedAt: new Date(Date.UTC(2026, 0, n)).toISOString(),
  outcome: 'completed',
  filled: 1,
  credits: n,
});

test('readings of many slices stay at most 500, the last one among them', async () => {
  for (let slice = 0; slice < 12; slice += 1) {
    await recordReadings(folder, readings(100, slice * 100));
  }
  const kept = (await readTimeline(folder)).readings;
  expect(kept.length).toBeLessThanOrEqual(500);
  expect(kept.length).toBeGreaterThan(200);
  expect(kept[0]?.atMs).toBe(0);
  expect(kept.at(-1)?.atMs).toBe(1_199);
});

test('readings that are few are all kept', () => {
  expect(thinned(readings(500))).toHaveLength(500);
});

test('a scan and readings are kept beside each other', async () => {
  await recordScan(folder, { scan: 1, repaired: 0 }, 5);
  await recordReadings(folder, readings(2));
  await recordScan(folder, { scan: 2, repaired: 3 }, 7);
  await recordScan(folder, { scan: 2, repaired: 4 }, 8);
  expect(await readTimeline(folder)).toEqual({
    readings: readings(2),
    scans: [
      { scan: 1, atMs: 5, repaired: 0 },
      { scan: 2, atMs: 8, repaired: 4 },
    ],
  });
});

test('of the runs of a pipeline the newest 14 are shown, in their order', async () => {
  for (let n = 1; n <= 20; n += 1) await addPastRun(folder, past(n));
  const runs = await addPastRun(folder, past(21));
  expect(runs).toEqual(Array.from({ length: 14 }, (_, n) => past(n + 8)));
});

test('a run that publishes again is shown once', async () => {
  await addPastRun(folder, past(1));
  expect(await addPastRun(folder, { ...past(1), credits: 7 })).toEqual([
    { ...past(1), credits: 7 },
  ]);
});

test('reasons beyond the listed ones are counted together', () => {
  const counts = new ReasonCounts();
  for (let n = 0; n < 3_000; n += 1) counts.add(`reason ${n}`);
  for (let n = 0; n < 5; n += 1) counts.add('reason 7');
  const { reasons, otherReasons } = counts.facts();
  expect(reasons).toHaveLength(20);
  expect(reasons[0]).toEqual({ reason: 'reason 7', cells: 6 });
  expect(otherReasons).toBe(3_005 - reasons.reduce((sum, { cells }) => sum + cells, 0));
});
