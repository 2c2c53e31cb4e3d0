import { expect, test } from '@jest/globals';
import { currentNeedOf } from '../../workflows/view/current-need.ts';

type Shown = Parameters<typeof currentNeedOf>[0];

const HOUR_MS = 3_600_000;

const currentNeed = (state: object, run: object = {}) =>
  currentNeedOf({
    key: { workflowId: 'leads of May', firstRunId: '1' },
    pipeline: { run: { stallAfterMs: HOUR_MS } },
    outcome: null,
    endingEarly: false,
    ...run,
    state: { pendingApproval: null, activePass: null, problem: null, finishing: false, ...state },
    // The parts that are looked at.
  } as unknown as Shown);

const wait = {
  budget: 'gtm',
  day: '2026-01-31',
  limit: 100,
  reserved: 90,
  credits: 30,
  endsAtMs: 0,
};
const problem = 'it says no';

test.each([
  [
    'needs-approval',
    { stage: 'waiting for approval', pendingApproval: { credits: 1200, cells: null } },
    'about 1,200 credits',
    "rowmill approve 'leads of May'",
  ],
  ['needs-credits', { stage: 'waiting for credits', problem }, problem, 'rowmill resume'],
  ['needs-credentials', { stage: 'waiting for credentials', problem }, problem, 'rowmill resume'],
  [
    'needs-budget',
    { stage: 'waiting for budget', budget: { wait } },
    'budget gtm has 10 of 100 credits left',
    'rowmill budget raise gtm 20',
  ],
  [
    'stalled',
    { stage: 'collecting results', activePass: { end: 'stalled' } },
    'no cell has changed for 1 h',
    'rowmill status',
  ],
  ['stalled', { stage: 'waiting for the API', problem }, problem, 'rowmill status'],
])('%s names its command', (need, state, what, command) => {
  expect(currentNeed(state)).toMatchObject({
    need,
    what: expect.stringContaining(what),
    command: expect.stringContaining(command),
  });
});

test('an API that is silent counts as a stall after the time of a stall', () => {
  const state = { stage: 'waiting for the API', apiSilentSinceMs: 1_000 };
  expect(currentNeed(state)).toMatchObject({ notBeforeMs: 1_000 + HOUR_MS });
});

test.each([
  ['runs', { stage: 'running', activePass: { end: null } }, {}],
  ['is paused by an operator', { stage: 'paused' }, {}],
  ['is ending', { stage: 'waiting for credits', finishing: true }, {}],
  ['was cancelled', { stage: 'waiting for credits' }, { endingEarly: true }],
  ['has ended', { stage: 'waiting for credits' }, { outcome: 'partial' }],
])('a run that %s has no need', (_, state, run) => {
  expect(currentNeed(state, run)).toBeNull();
});
