import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearest } from '../../src/did-you-mean.ts';
import { parseDuration } from '../../src/rules/duration.ts';
import { parsePercentage } from '../../src/spec/fields/scalar-fields.ts';

test.each([
  ['1ms', 1],
  ['30s', 30_000],
  ['15m', 900_000],
  ['6h', 21_600_000],
  ['2d', 172_800_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['365d', 31_536_000_000],
])('%s is a duration', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

test.each([
  '',
  '30',
  's',
  '6 h',
  '-1s',
  '1w',
  '0s',
  '366d',
  '1e3s',
  '1h30',
  ' 1s',
  '1s ',
  '1S',
  '1..5h',
])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeNull();
});

test.each([
  ['2%', 0.02],
  ['0%', 0],
  ['100%', 1],
  ['0.5%', 0.005],
  [0.02, 0.02],
  [0, 0],
  [1, 1],
])('%j is a share', (value, share) => {
  expect(parsePercentage(value)).toBe(share);
});

test.each(['2', '101%', '-1%', '%', '2 %', '100.1%', 2, -0.1, Number.NaN])(
  '%j is no share',
  (value) => {
    expect(parsePercentage(value)).toBeNull();
  },
);

test('a text that parses is within bounds', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,6}(ms|s|m|h|d|%)$/));
  fc.assert(
    fc.property(text, (value) => {
      const durationMs = parseDuration(value);
      if (durationMs !== null) {
        expect(Number.isSafeInteger(durationMs) && durationMs >= 1).toBe(true);
      }
      const share = parsePercentage(value);
      if (share !== null) expect(share >= 0 && share <= 1).toBe(true);
    }),
  );
});

test.each([
  ['colums', ['columns', 'kind'], 'columns'],
  ['tabel', ['table', 'name'], 'table'],
  ['monday', ['mon', 'tue'], 'mon'],
  ['symbol', ['Symbol', 'Security'], 'Symbol'],
  ['xyz', ['columns', 'kind'], null],
  ['ab', ['xy'], null],
  ['', ['a'], null],
])('the nearest word to %s', (word, words, found) => {
  expect(nearest(word, words)).toBe(found);
});
