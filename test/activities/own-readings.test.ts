import { expect, test } from '@jest/globals';
import { ownReadings } from '../../activities/results/report/own-readings.ts';
import { noCells } from '../../src/rules/cells/outcome.ts';

const reading = (total: number, done: number, inProgress: number) => ({
  atMs: 0,
  total,
  done,
  inProgress,
  failed: null,
});

test('cells of inputs and automatic columns are not counted', () => {
  const all = [reading(3_018, 755, 2_263), reading(3_018, 1_519, 1_499), reading(3_018, 3_018, 0)];
  expect(ownReadings(all, { ...noCells(), done: 1_500, failed: 9 })).toEqual([
    reading(1_509, 0, 1_509),
    reading(1_509, 10, 1_499),
    reading(1_509, 1_509, 0),
  ]);
});

test('a table without other columns keeps its readings', () => {
  const all = [reading(1_509, 0, 20), reading(1_509, 700, 20)];
  expect(ownReadings(all, { ...noCells(), done: 1_509 })).toEqual(all);
});

test('skipped cells are neither asked for nor done', () => {
  const cells = { ...noCells(), done: 80, skipped: 20 };
  expect(ownReadings([reading(300, 250, 30)], cells)).toEqual([reading(80, 50, 30)]);
});
