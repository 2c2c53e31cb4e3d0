import { expect, test } from '@jest/globals';
import { SeenTexts } from '../../src/sources/seen-texts.ts';

test('texts that come again are known by the number of the first one', () => {
  const seen = new SeenTexts();
  expect(seen.add('a', 2)).toBeNull();
  expect(seen.add('', 3)).toBeNull();
  expect(seen.add('a', 4)).toBe(2);
  expect(seen.add('', 5)).toBe(3);
});

test.each([
  ['counted', (n: number) => `${n}`],
  ['counted, with a common beginning and end', (n: number) => `https://www.site-${n}.example/`],
  ['of two characters', (n: number) => n.toString(2).padStart(20, '0')],
  ['that differ in the first half of long texts', (n: number) => `${n}${'x'.repeat(60)}`],
])('none of many texts is taken for another: %s', (_, textOf) => {
  const seen = new SeenTexts();
  const count = 50_000;
  for (let n = 1; n <= count; n += 1) if (seen.add(textOf(n), n) !== null) throw new Error(`${n}`);
  for (let n = 1; n <= count; n += 997) expect(seen.add(textOf(n), count)).toBe(n);
});
