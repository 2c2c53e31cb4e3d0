import { expect, test } from '@jest/globals';
import { spendCeilingOf } from '../../src/client/pipelines/spend-ceiling.ts';
import { limitName, underCeiling } from '../../src/rules/spend/ceiling.ts';
import { createWorkerDeps } from '../../src/worker/deps.ts';
import { newPlace } from '../store/place.ts';

test('limits are read from the environment, where an empty variable sets none', () => {
  expect(spendCeilingOf({})).toEqual({});
  const env = {
    ROWMILL_MAX_CREDITS_PER_RUN: ' 2000 ',
    ROWMILL_APPROVE_ABOVE: '0',
    ROWMILL_CREDITS_PER_CELL: '0.5',
  };
  expect(spendCeilingOf(env)).toEqual({ maxCredits: 2000, approveAbove: 0, creditsPerCell: 0.5 });
  expect(spendCeilingOf({ ROWMILL_APPROVE_ABOVE: ' ' })).toEqual({});
});

test.each(['many', '-1', '1e3', '2,000', '1_000', 'NaN', 'Infinity'])(
  'a worker with the limit %s does not start: no limit would hold',
  (value) => {
    const env = { ROWMILL_MAX_CREDITS_PER_RUN: value };
    const open = () =>
      createWorkerDeps({ env, store: newPlace(), roots: null, searchAttributes: false });
    expect(open).toThrow(
      expect.objectContaining({ code: 'usage', where: 'ROWMILL_MAX_CREDITS_PER_RUN' }),
    );
  },
);

test('the stricter of two limits or prices applies', () => {
  const owner = { creditsPerCell: 1, maxCredits: 100, approveAbove: 50 };
  expect(underCeiling({ creditsPerCell: 0 }, owner)).toEqual(owner);
  const own = { creditsPerCell: 3, maxCredits: 10, approveAbove: 5 };
  expect(underCeiling(own, owner)).toEqual(own);
  expect(underCeiling(own, {})).toEqual(own);
  expect(limitName(own, owner)).toBe('spend.maxCredits');
  expect(limitName({ creditsPerCell: 0 }, owner)).toContain('ROWMILL_MAX_CREDITS_PER_RUN');
});
