import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addUsage, noUsage, totalUsage } from '../../src/rules/cells/usage.ts';
import { priceText, usageText } from '../../src/text/run-facts.ts';

const usage = (price: number) => ({ requests: 1, price, inputTokens: 100, outputTokens: 10 });

test('usage is the sum of the columns', () => {
  expect(totalUsage({ Sector: usage(0.1), Pitch: { ...usage(0.2), requests: 3 } })).toEqual({
    requests: 4,
    price: 0.3,
    inputTokens: 200,
    outputTokens: 20,
  });
});

test('usage without columns is null', () => {
  expect(totalUsage(undefined)).toBeNull();
});

test('prices of whole millionths add up to the millionth, however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { maxLength: 500 }), (millionths) => {
      const sum = noUsage();
      for (const one of millionths) addUsage(sum, usage(one / 1e6));
      expect(sum.price).toBe(millionths.reduce((all, one) => all + one, 0) / 1e6);
    }),
  );
});

test('a price keeps the digits that mean something', () => {
  expect([0, 0.00002, 0.000531, 0.808162, 1, 12.3, 1_234.567].map(priceText)).toEqual([
    ...['0', '0.00002', '0.000531', '0.8082', '1', '12.3', '1,234.57'],
  ]);
});

test('a figure says of what it is', () => {
  expect(usageText(usage(0.000528))).toBe(
    '0.000528 (1 request, 100 tokens in, 10 out; last computation of each cell)',
  );
});

test('a missing price does not count as 0', () => {
  const silent = { ...usage(0), unpriced: 1 };
  const some = totalUsage({ Sector: usage(0.5), Pitch: silent, Size: silent });
  expect(some).toMatchObject({ price: 0.5, unpriced: 2 });
  expect(usageText(some ?? silent)).toMatch(/^0\.5, not known of 2 cells \(3 requests/);
  expect(usageText(silent)).toMatch(/^not known of 1 cell \(/);
});
