import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  budgetDay,
  budgetInfo,
  currentBudget,
  fitsBudget,
  joinBudget,
  joinConflict,
  newBudget,
  reserveBudget,
  runsThatFit,
  type BudgetState,
} from '../../src/rules/spend/day-budget.ts';

const NOON = Date.parse('2026-01-31T11:00:00Z');
const HOUR = 3_600_000;
const SETTINGS = { maxCredits: 100, timezone: 'Europe/Berlin' };

const request = (id: string, credits: number) => ({
  id,
  run: `run-of-${id}`,
  pipeline: 'profile',
  pass: 1,
  credits,
});

const reserveIfFits = (state: BudgetState, id: string, credits: number, nowMs = NOON) =>
  fitsBudget(state, request(id, credits), nowMs)
    ? reserveBudget(state, request(id, credits), nowMs)
    : state;

test('a repeated reservation takes only what it exceeds the first by', () => {
  let state = reserveIfFits(newBudget('gtm', SETTINGS), 'a', 60);
  state = reserveIfFits(state, 'a', 60);
  expect(budgetDay(state, NOON)).toMatchObject({ limit: 100, reserved: 60, day: '2026-01-31' });
  expect(fitsBudget(state, request('b', 41), NOON)).toBe(false);
  state = reserveIfFits(state, 'a', 90);
  expect(budgetDay(state, NOON).reserved).toBe(90);
  // Asked for again with less, it keeps what may have been sent.
  expect(budgetDay(reserveIfFits(state, 'a', 10), NOON).reserved).toBe(90);
});

test('a repeated reservation is granted after the budget was lowered', () => {
  const state = reserveIfFits(newBudget('gtm', SETTINGS), 'a', 60);
  const lowered = { ...state, settings: { ...SETTINGS, maxCredits: 10 } };
  expect(fitsBudget(lowered, request('a', 60), NOON)).toBe(true);
  expect(fitsBudget(lowered, request('b', 1), NOON)).toBe(false);
  expect(budgetInfo(lowered, NOON)).toMatchObject({ left: 0, reserved: 60, limit: 10 });
});

test('midnight of the zone empties the budget of reservations and raises', () => {
  const state: BudgetState = {
    ...reserveIfFits(newBudget('gtm', SETTINGS), 'a', 100),
    raises: [{ credits: 50, by: null, atMs: NOON }],
  };
  const midnight = Date.parse('2026-01-31T23:00:00Z');
  expect(budgetDay(state, midnight - 1)).toMatchObject({ limit: 150, reserved: 100 });
  expect(budgetDay(state, midnight)).toMatchObject({ limit: 100, reserved: 0, day: '2026-02-01' });
  expect(currentBudget(state, midnight).reservations).toEqual({});
});

test('only a pipeline that is alone may change the rules of its budget', () => {
  const join = (pipeline: string, maxCredits: number, timezone = SETTINGS.timezone) => ({
    pipeline,
    maxCredits,
    timezone,
  });
  let state = joinBudget(newBudget('gtm', SETTINGS), join('a', 100), NOON);
  expect(joinConflict(state, join('a', 200), NOON)).toBeNull();
  state = joinBudget(state, join('a', 200), NOON);
  expect(state.settings.maxCredits).toBe(200);
  expect(joinConflict(state, join('b', 200), NOON)).toBeNull();
  state = joinBudget(state, join('b', 200), NOON);
  expect(joinConflict(state, join('a', 300), NOON)).toBe(
    'budget gtm has 200 credits a day (Europe/Berlin) and is shared with b; a says 300 credits (Europe/Berlin)',
  );
  expect(joinConflict(state, join('b', 200, 'UTC'), NOON)).toContain('b says 200 credits (UTC)');
  // A pipeline that is gone binds no other.
  expect(joinConflict(state, join('a', 300), NOON + 31 * 24 * HOUR)).toBeNull();
});

test('waiting runs are woken in the order of their waiting, as far as there is room', () => {
  const state: BudgetState = {
    ...reserveIfFits(newBudget('gtm', SETTINGS), 'a', 50),
    waiting: {
      late: { credits: 20, sinceMs: NOON + 2 },
      large: { credits: 60, sinceMs: NOON },
      first: { credits: 30, sinceMs: NOON + 1 },
    },
  };
  expect(runsThatFit(state, NOON + 3)).toEqual(['first', 'late']);
});

test('whatever is asked, in any order and repeated: never more than the budget of a day', () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    credits: fc.integer({ min: 0, max: 70 }),
    afterMs: fc.constantFrom(0, 0, HOUR, 7 * HOUR),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state = newBudget('gtm', SETTINGS);
      let nowMs = NOON;
      for (const { id, credits, afterMs } of steps) {
        nowMs += afterMs;
        state = reserveIfFits(state, id, credits, nowMs);
        const { reserved, limit } = budgetDay(state, nowMs);
        expect(reserved).toBeLessThanOrEqual(limit);
        // Carried to the next execution it says the same.
        const carried: unknown = JSON.parse(JSON.stringify(currentBudget(state, nowMs)));
        expect(budgetDay(carried as BudgetState, nowMs)).toEqual(budgetDay(state, nowMs));
      }
    }),
  );
});
