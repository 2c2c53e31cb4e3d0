import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgePass } from '../../src/rules/spend/pass-ceiling.ts';
import { checkSpend, fitsNoCell } from '../../src/rules/spend/spend.ts';

test('what fits goes to the columns in their order', () => {
  const cells = [
    ['sector', 10],
    ['size', 10],
  ] as const;
  expect(judgePass(cells, {}, 20)).toEqual({ fits: 'whole' });
  expect(judgePass(cells, {}, 13)).toEqual({ fits: 'part', limits: { sector: 10, size: 3 } });
  expect(judgePass(cells, {}, 4)).toEqual({ fits: 'part', limits: { sector: 4, size: 0 } });
  expect(judgePass(cells, {}, 0)).toEqual({ fits: 'nothing' });
  expect(judgePass(cells, {}, -5)).toEqual({ fits: 'nothing' });
  expect(judgePass(cells, {}, Infinity)).toEqual({ fits: 'whole' });
});

test('a dear column that does not fit leaves the rest to a cheaper one behind it', () => {
  const cells = [
    ['people', 5],
    ['size', 5],
  ] as const;
  const weights = { people: 2 };
  expect(judgePass(cells, weights, 3)).toEqual({ fits: 'part', limits: { people: 1, size: 1 } });
  expect(judgePass(cells, weights, 1)).toEqual({ fits: 'part', limits: { people: 0, size: 1 } });
});

test('a pass without cells fits', () => {
  expect(judgePass([], {}, 0)).toEqual({ fits: 'whole' });
});

test('a free column costs nothing', () => {
  expect(judgePass([['free', 7]], { free: 0 }, 0)).toEqual({ fits: 'whole' });
});

test('whatever is asked for at whatever price: what is granted never exceeds what is left', () => {
  const column = fc.tuple(
    fc.constantFrom('a', 'b', 'c', '__proto__', '7'),
    fc.integer({ min: 0, max: 30 }),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(column, { selector: ([key]) => key, maxLength: 5 }),
      fc.record({ a: fc.constantFrom(1, 2, 0.5), b: fc.constantFrom(1, 3, 0.1) }),
      fc.integer({ min: -3, max: 200 }).map((tenths) => tenths / 10),
      (cells, weights, left) => {
        const verdict = judgePass(cells, weights, left);
        const most = (key: string, count: number): number => {
          if (verdict.fits === 'whole') return count;
          return verdict.fits === 'nothing' ? 0 : (verdict.limits[key] ?? count);
        };
        const weightOf = (key: string): number => new Map(Object.entries(weights)).get(key) ?? 1;
        const units = cells.reduce(
          (sum, [key, count]) => sum + most(key, count) * weightOf(key),
          0,
        );
        expect(units).toBeLessThanOrEqual(Math.max(0, left) + 1e-6);
      },
    ),
  );
});

test('an estimate above the ceiling is refused, cut or asked about, as the file says', () => {
  const policy = { creditsPerCell: 1, maxCredits: 100 };
  expect(checkSpend(101, policy)).toBe('refuse');
  expect(checkSpend(101, { ...policy, onCeiling: 'publish' })).toBe('go');
  expect(checkSpend(101, { ...policy, onCeiling: 'publish', approveAbove: 99 })).toBe('ask');
  expect(checkSpend(101, { ...policy, onCeiling: 'publish', approveAbove: 100 })).toBe('go');
  expect(checkSpend(101, { ...policy, onCeiling: 'ask' })).toBe('ask');
  expect(checkSpend(100, { ...policy, onCeiling: 'ask' })).toBe('go');
  expect(fitsNoCell({ creditsPerCell: 2, maxCredits: 1 }, {})).toBe(true);
  expect(fitsNoCell({ creditsPerCell: 2, maxCredits: 1 }, { cheap: 0.5 })).toBe(false);
  expect(fitsNoCell({ creditsPerCell: 0, maxCredits: 0 }, {})).toBe(false);
});
