import { expect, test } from '@jest/globals';
import { parseJson } from '../../src/http/json.ts';

test('raw control characters inside strings are read as they are', () => {
  const text = '{"a":"one\ntwo\u0001\tthree","b\u0002":["\\"\n\\\\"],\n"c":1}';
  expect(parseJson(text)).toEqual({ a: 'one\ntwo\u0001\tthree', 'b\u0002': ['"\n\\'], c: 1 });
});

test('a byte order mark is dropped', () => {
  expect(parseJson('\uFEFF[1]')).toEqual([1]);
});

test.each(['{"a":"x', '{"a":1', '<html>', '', '{"a":"x\n', '{"a":1}\u0000'])(
  '%j stays broken',
  (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  },
);

test('a string of megabytes with control characters is no problem', () => {
  const long = 'x'.repeat(5_000_000);
  expect(parseJson(`{"a":"${long}\n${long}"}`)).toEqual({ a: `${long}\n${long}` });
});

test('lists in lists are read up to a depth that can be written down again', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  expect(JSON.stringify(parseJson(nested(200)))).toBe(nested(200));
  expect(() => parseJson(nested(20_000))).toThrow(SyntaxError);
  expect(() => parseJson(`{"a":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`)).toThrow(SyntaxError);
});
