import { expect, test } from '@jest/globals';
import { judgeReplacement } from '../../src/rules/replace.ts';
import type { Outcome } from '../../src/contract/outcome.ts';

const cells = (done: number, empty = 0) => ({ done, empty, failed: 3, blocked: 0, pending: 0 });
const there = { workflowId: 'before', outcome: 'completed', answered: 100 } as const;
const now = (outcome: Outcome, done: number, cutShort = outcome !== 'completed') => ({
  outcome,
  cutShort,
  cells: cells(done),
});

test('a run that was cut short does not replace fuller results, and says what is there', () => {
  for (const outcome of ['cancelled', 'failed', 'partial'] as const) {
    const verdict = judgeReplacement({}, now(outcome, 40), there);
    expect(verdict).toMatchObject({ publish: false, there });
  }
});

test('a run that came to its end replaces them, and says that they were fuller', () => {
  const verdict = judgeReplacement({}, now('partial', 97, false), there);
  expect(verdict).toEqual({ publish: true, fuller: there });
  expect(judgeReplacement({}, now('completed', 40), there)).toEqual({
    publish: true,
    fuller: null,
  });
});

test('as many or more answers, or nothing there, need no word; empty cells are answers', () => {
  const fine = { publish: true, fuller: null };
  expect(judgeReplacement({}, now('cancelled', 100), there)).toEqual(fine);
  expect(judgeReplacement({}, { ...now('cancelled', 0), cells: cells(60, 40) }, there)).toEqual(
    fine,
  );
  expect(judgeReplacement({}, now('failed', 1), null)).toEqual(fine);
});

test('`when` decides for good: which outcomes, and whether fuller ones go', () => {
  const outcomes = ['completed', 'partial', 'cancelled', 'failed'] as const;
  const published = (when: 'always' | 'completed' | 'partial') =>
    outcomes.filter((outcome) => judgeReplacement({ when }, now(outcome, 1), there).publish);
  expect(published('always')).toEqual([...outcomes]);
  expect(published('partial')).toEqual(['completed', 'partial']);
  expect(published('completed')).toEqual(['completed']);
  expect(judgeReplacement({ when: 'always' }, now('cancelled', 1), there)).toEqual({
    publish: true,
    fuller: there,
  });
});
