import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  reasonTonight,
  type NightCell,
  type RefreshRules,
} from '../../../src/rules/nights/due-cells.ts';

const DAY = 86_400_000;
const NOW = 100 * DAY;
const rules: RefreshRules = { maxAgeMs: { news: DAY, __proto: 5 }, failed: 'retry' };

const cell = (fields: Partial<NightCell>): NightCell => ({
  column: 'news',
  outcome: 'done',
  inFlight: false,
  isNew: false,
  changed: false,
  answeredAtMs: NOW,
  vanished: false,
  ...fields,
});

test.each<[string, Partial<NightCell>, string | null]>([
  ['an answer of today', {}, null],
  ['an answer of this night', { answeredAtMs: NOW - DAY / 2 }, null],
  ['an answer a tenth younger than allowed', { answeredAtMs: NOW - 0.9 * DAY }, null],
  ['an answer of the night before', { answeredAtMs: NOW - DAY + 3_600_000 }, 'age'],
  ['an answer of an unknown time', { answeredAtMs: null }, 'age'],
  ['an old answer of a column that never becomes old', { column: 'city', answeredAtMs: 0 }, null],
  ['an unknown time of such a column', { column: 'city', answeredAtMs: null }, null],
  ['a name that every object has', { column: 'constructor', answeredAtMs: 0 }, null],
  ['nothing found, today', { outcome: 'empty' }, null],
  ['nothing found, long ago', { outcome: 'empty', answeredAtMs: 0 }, 'age'],
  ['a changed input', { changed: true }, 'changed'],
  ['a changed input of a failed cell', { changed: true, outcome: 'failed' }, 'changed'],
  ['a cell of a new row', { isNew: true, outcome: 'pending' }, 'new'],
  ['a new row with an answer already', { isNew: true, answeredAtMs: null }, null],
  ['a failed cell', { outcome: 'failed' }, 'failed'],
  ['a blocked cell', { outcome: 'blocked' }, 'failed'],
  ['a cell that was never asked for', { outcome: 'pending' }, 'new'],
  ['a cell in progress', { outcome: 'pending', inFlight: true, changed: true }, null],
  ['a row that left the source', { vanished: true, outcome: 'failed', changed: true }, null],
])('%s', (_what, fields, reason) => {
  expect(reasonTonight(cell(fields), rules, NOW)).toBe(reason);
});

test.each<[Partial<NightCell>, string | null]>([
  [{ outcome: 'failed' }, null],
  [{ outcome: 'blocked' }, null],
  [{ outcome: 'pending' }, 'new'],
  [{ outcome: 'failed', changed: true }, 'changed'],
])('failed cells are left: %j', (fields, reason) => {
  expect(reasonTonight(cell(fields), { ...rules, failed: 'leave' }, NOW)).toBe(reason);
});

const anyCell = fc.record<NightCell>({
  column: fc.constantFrom('news', 'city'),
  outcome: fc.constantFrom('done', 'empty', 'failed', 'blocked', 'pending'),
  inFlight: fc.boolean(),
  isNew: fc.boolean(),
  changed: fc.boolean(),
  answeredAtMs: fc.option(fc.integer({ min: 0, max: NOW })),
  vanished: fc.boolean(),
});
const anyRules = fc.record<RefreshRules>({
  maxAgeMs: fc.dictionary(fc.constantFrom('news', 'city'), fc.integer({ min: 1, max: NOW })),
  failed: fc.constantFrom('retry', 'leave'),
});

test('an unchanged answer that never expires is never asked for', () => {
  fc.assert(
    fc.property(anyCell, anyRules, (one, given) => {
      const answered = { ...one, outcome: 'done' as const, changed: false };
      expect(reasonTonight(answered, { ...given, maxAgeMs: {} }, NOW)).toBeNull();
    }),
  );
});

test('a cell that is due stays due with time', () => {
  fc.assert(
    fc.property(anyCell, anyRules, fc.nat(NOW), (one, given, laterMs) => {
      const now = reasonTonight(one, given, NOW);
      if (now !== null) expect(reasonTonight(one, given, NOW + laterMs)).not.toBeNull();
    }),
  );
});

test('a cell that was just answered is not due', () => {
  fc.assert(
    fc.property(anyCell, anyRules, (one, given) => {
      const after = { ...one, outcome: 'done' as const, changed: false, isNew: false };
      expect(reasonTonight({ ...after, answeredAtMs: NOW }, given, NOW)).toBeNull();
    }),
  );
});
