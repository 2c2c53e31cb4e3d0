import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { noCells, outcomeOf, totalCells, unanswered } from '../../src/rules/cells/outcome.ts';
import { estimateCredits, checkSpend } from '../../src/rules/spend/spend.ts';

test('credits are rows × paid columns × price', () => {
  expect(estimateCredits(503, 3, { creditsPerCell: 2 })).toBe(3_018);
});

test('each spend limit includes its own value', () => {
  const policy = { creditsPerCell: 1, approveAbove: 100, maxCredits: 200 };
  expect(checkSpend(100, policy)).toBe('go');
  expect(checkSpend(101, policy)).toBe('ask');
  expect(checkSpend(200, policy)).toBe('ask');
  expect(checkSpend(201, policy)).toBe('refuse');
});

test('without limits nothing is asked', () => {
  expect(checkSpend(1e9, { creditsPerCell: 1 })).toBe('go');
});

test('empty cells count as answers', () => {
  const cells = { done: 5, empty: 4, failed: 3, blocked: 2, pending: 1 };
  expect(totalCells(cells)).toBe(15);
  expect(unanswered(cells)).toBe(6);
});

test('a run is completed up to the tolerated share and partial above it', () => {
  const cells = { ...noCells(), done: 98, failed: 1, blocked: 1 };
  expect(outcomeOf(cells, 0.02)).toBe('completed');
  expect(outcomeOf({ ...cells, pending: 1 }, 0.02)).toBe('partial');
  expect(outcomeOf(cells, 0)).toBe('partial');
});

test('one more unanswered cell never makes a partial run complete', () => {
  const count = fc.nat(1_000);
  fc.assert(
    fc.property(
      fc.record({ done: count, empty: count, failed: count, blocked: count, pending: count }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (cells, tolerated) => {
        fc.pre(outcomeOf(cells, tolerated) === 'partial' && cells.done > 0);
        const worse = { ...cells, done: cells.done - 1, failed: cells.failed + 1 };
        expect(outcomeOf(worse, tolerated)).toBe('partial');
      },
    ),
  );
});
