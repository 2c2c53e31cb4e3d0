import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canaryRows } from '../../src/rules/answers/canary.ts';
import { canaryText } from '../../src/text/canary.ts';

const chosen = (rows: number, canary: Parameters<typeof canaryRows>[0]): number[] => {
  const isCanary = canaryRows(canary, rows);
  return Array.from({ length: rows }, (_, at) => at).filter((at) => isCanary(at, `k${at}`));
};

test('`pick` chooses the rows of a canary', () => {
  expect(chosen(10, { rows: 3, pick: 'first' })).toEqual([0, 1, 2]);
  expect(chosen(10, { rows: 3, pick: 'spread' })).toEqual([0, 3, 6]);
  expect(chosen(10, { rows: 2, pick: ['k7', 'k2'] })).toEqual([2, 7]);
});

test('a canary has as many rows as it says, each once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      fc.constantFrom('spread' as const, 'first' as const),
      (rows, count, pick) => {
        expect(chosen(rows, { rows: count, pick })).toHaveLength(Math.min(rows, count));
      },
    ),
  );
});

test('its figures are those that an operator decides by', () => {
  const expectations = [
    { column: 'employees', rule: 'filled' as const, wanted: 0.7, found: 0.4, met: false },
  ];
  expect(canaryText({ rows: 10, of: 1_240, credits: 31, expectations })).toBe(
    '10 of 1,240 rows, 31 credits (3.1 a row), employees filled 40 % (wanted 70 %), the rest about 3,813',
  );
});
