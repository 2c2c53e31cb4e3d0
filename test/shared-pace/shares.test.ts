import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allot, UNIT } from '../../src/shared-pace/shares.ts';

const busy = (...workers: string[]) => workers.map((worker) => ({ worker, wants: 1_000 }));
const units = (shares: Map<string, number>) =>
  Object.fromEntries([...shares].map(([worker, share]) => [worker, share / UNIT]));

test('a worker alone has everything, however little it uses', () => {
  expect(units(allot([{ worker: 'a', wants: 0 }], 10))).toEqual({ a: 10 });
});

test('busy workers get equal whole units', () => {
  expect(units(allot(busy('c', 'a', 'b'), 10))).toEqual({ a: 4, b: 3, c: 3 });
});

test('what an idle worker does not need goes to the busy ones', () => {
  const shares = units(allot([...busy('a', 'b'), { worker: 'c', wants: 0 }], 12));
  expect(shares).toEqual({ a: 6, b: 5, c: 1 });
});

test('with more workers than units each gets the same fraction', () => {
  expect(units(allot(busy('a', 'b', 'c', 'd'), 2))).toEqual({ a: 0.5, b: 0.5, c: 0.5, d: 0.5 });
});

test('shares add up to the whole without starving a worker', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 120 }),
      fc.integer({ min: 1, max: 1_000 }),
      (wants, whole) => {
        const all = wants.map((want, at) => ({ worker: `w${at}`, wants: want }));
        const shares = [...allot(all, whole).values()];
        const sum = shares.reduce((one, other) => one + other, 0);
        expect(sum).toBeLessThanOrEqual(whole * UNIT);
        expect(sum).toBeGreaterThan(whole * UNIT - all.length);
        expect(Math.min(...shares)).toBeGreaterThan(0);
      },
    ),
  );
});

test('every order of the same workers gives the same shares', () => {
  const some = [...busy('b', 'd'), { worker: 'a', wants: 300 }, { worker: 'c', wants: 0 }];
  expect(allot(some.toReversed(), 17)).toEqual(allot(some, 17));
});
