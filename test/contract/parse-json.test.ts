import { expect, test } from '@jest/globals';
import { parseJson } from '../../src/contract/parse-json.ts';

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

test('every digit of a number is kept', () => {
  const text =
    '{"a":12345678901234567890,"b":[9007199254740993],"c":{"id":-1234567890123456789},"d":1e400,"e":0.12345678901234567891}';
  expect(parseJson(text)).toEqual({
    a: '12345678901234567890',
    b: ['9007199254740993'],
    c: { id: '-1234567890123456789' },
    d: '1e400',
    e: '0.12345678901234567891',
  });
});

test.each([
  '9007199254740992',
  '1.10',
  '0.1',
  '-0.30000000000000004',
  '1e21',
  '1.5E-7',
  '-0',
  '1e-320',
])('%s is a number outside a text only', (number) => {
  expect(parseJson(`[${number},"a: ${number}"]`)).toEqual([Number(number), `a: ${number}`]);
});

test('a text with digits and quotes stays as it is', () => {
  const value = { 'x": 12345678901234567890, "y': 'say ": 12345678901234567890, \\' };
  expect(parseJson(JSON.stringify(value))).toEqual(value);
});

test('half a character becomes U+FFFD, wherever it is', () => {
  const text = String.raw`{"\ud83d":["cut \uD83D"],"whole":"\ud83d\ude00","text":"\\ud83d"}`;
  expect(parseJson(text)).toEqual({
    '\uFFFD': ['cut \uFFFD'],
    whole: '\u{1F600}',
    text: '\\ud83d',
  });
});

test('deep lists with a long number in them are refused like others', () => {
  const deep = `${'['.repeat(20_000)}12345678901234567890${']'.repeat(20_000)}`;
  expect(() => parseJson(deep)).toThrow(SyntaxError);
});
