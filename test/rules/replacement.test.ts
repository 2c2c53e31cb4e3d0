import { expect, test } from '@jest/globals';
import { checkReplacement } from '../../src/rules/replacement.ts';
import type { Outcome } from '../../src/contract/outcome.ts';

const cells = (done: number, empty = 0) => ({ done, empty, failed: 3, blocked: 0, pending: 0 });
const existing = { workflowId: 'before', outcome: 'completed', answered: 100 } as const;
const now = (outcome: Outcome, done: number, endedEarly = outcome !== 'completed') => ({
  outcome,
  endedEarly,
  cells: cells(done),
});

test('a run that was cut short does not replace fuller results', () => {
  for (const outcome of ['cancelled', 'failed', 'partial'] as const) {
    const verdict = checkReplacement({}, now(outcome, 40), existing);
    expect(verdict).toMatchObject({ publish: false, existing });
  }
});

test('a run that came to its end replaces fuller results', () => {
  const verdict = checkReplacement({}, now('partial', 97, false), existing);
  expect(verdict).toEqual({ publish: true, fuller: existing });
  expect(checkReplacement({}, now('completed', 40), existing)).toEqual({
    publish: true,
    fuller: null,
  });
});

test('results that are no fuller are replaced without a warning', () => {
  const fine = { publish: true, fuller: null };
  expect(checkReplacement({}, now('cancelled', 100), existing)).toEqual(fine);
  expect(checkReplacement({}, { ...now('cancelled', 0), cells: cells(60, 40) }, existing)).toEqual(
    fine,
  );
  expect(checkReplacement({}, now('failed', 1), null)).toEqual(fine);
});

test('`when` alone decides where it is given', () => {
  const outcomes = ['completed', 'partial', 'cancelled', 'failed'] as const;
  const published = (when: 'always' | 'completed' | 'partial') =>
    outcomes.filter((outcome) => checkReplacement({ when }, now(outcome, 1), existing).publish);
  expect(published('always')).toEqual([...outcomes]);
  expect(published('partial')).toEqual(['completed', 'partial']);
  expect(published('completed')).toEqual(['completed']);
  expect(checkReplacement({ when: 'always' }, now('cancelled', 1), existing)).toEqual({
    publish: true,
    fuller: existing,
  });
});
