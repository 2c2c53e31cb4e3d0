import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { FaultScript } from '../../sandbox/index.ts';
import { Rowmill } from '../../src/client/rowmill.ts';
import { budgetWorkflowId } from '../../src/contract/budget.ts';
import type { EnrichTableInput, RunProgress, RunSummary } from '../../src/contract/run.ts';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';
import { calmZone } from '../support/calm-zone.ts';

const ROWS = companies(10);
const CLEAN = { failRate: 0, alwaysFailsRate: 0 };

let testEnv: TestEnv;
let rowmill: Rowmill;
let budget: string;
const open = async (more: { faults?: FaultScript } = {}): Promise<void> => {
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, ...more } });
  const { client, store, taskQueue } = testEnv;
  rowmill = await Rowmill.connect({ client, store, taskQueue });
  budget = `b${taskQueue}`.replaceAll(/[^a-z0-9-]/g, '-').slice(0, 60);
};
beforeEach(() => open());
afterEach(async () => {
  await testEnv.client.workflow
    .getHandle(budgetWorkflowId(budget))
    .terminate()
    .catch(() => null);
  await testEnv.close();
});

const input = (name: string, maxCredits: number, more = {}): Promise<EnrichTableInput> =>
  pipelineInputFor(testEnv, ROWS, {
    name,
    results: [{ to: `${name}.jsonl` }],
    spend: { perDay: { maxCredits, budget, timezone: calmZone(), ...more } },
  });

const start = async (name: string, maxCredits: number, more = {}): Promise<WorkflowHandle> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: `${name}-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [await input(name, maxCredits, more)],
  });

const progressOf = (run: WorkflowHandle) => run.query<RunProgress>('progress');
const waits = (run: WorkflowHandle): Promise<void> =>
  eventually(
    `${run.workflowId} waits`,
    async () => (await progressOf(run)).stage === 'waiting for budget',
  );

test('two runs at once share the budget until a raise lets the second go on', async () => {
  const runs = await Promise.all([start('one', 15), start('two', 15)]);
  const first = (await Promise.race(runs.map((run) => run.result()))) as RunSummary;
  expect(first).toMatchObject({ outcome: 'completed', budget: { name: budget, credits: 10 } });
  const [second] = runs.filter(({ workflowId }) => workflowId !== first.workflowId);
  if (second === undefined) throw new Error('both have the same id');
  await waits(second);
  const { budgetWait } = await progressOf(second);
  expect(budgetWait).toMatchObject({ budget, credits: 10, limit: 15, reserved: 10 });
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(10);
  await eventually('the budget knows who waits', async () => {
    const { waiting } = await rowmill.budgets.show(budget);
    return waiting.some(({ run }) => run === second.workflowId);
  });
  // Too little does not wake it.
  await rowmill.budgets.raise(budget, { credits: 4, by: 'ada' });
  await waits(second);
  await rowmill.budgets.raise(budget, { credits: 1, by: 'ada' });
  expect(await second.result()).toMatchObject({ outcome: 'completed' });
  expect(await rowmill.budgets.show(budget)).toMatchObject({
    limit: 20,
    reserved: 20,
    left: 0,
    waiting: [],
    pipelines: ['one', 'two'],
    raises: [
      { credits: 4, by: 'ada' },
      { credits: 1, by: 'ada' },
    ],
  });
});

test('a worker that is lost before sending reserves only once', async () => {
  const seen: string[] = [];
  const [hold, release] = gate();
  await testEnv.close();
  testEnv = await startTestEnv({
    sandbox: {
      ...CLEAN,
      intercept: async ({ phase, method, route }) => {
        if (phase === 'before' && `${method} ${route}` === 'POST /v1/tables/:table_id/run') {
          seen.push(route);
          if (seen.length === 1) await hold;
        }
        return undefined;
      },
    },
  });
  const { client, store, taskQueue } = testEnv;
  rowmill = await Rowmill.connect({ client, store, taskQueue });
  const run = await start('killed', 10);
  await eventually('the request is on its way', () => Promise.resolve(seen.length === 1));
  expect(await rowmill.budgets.show(budget)).toMatchObject({ reserved: 10, left: 0 });
  const restarted = testEnv.restartWorker();
  release();
  await restarted;
  expect(await run.result()).toMatchObject({ outcome: 'completed', budget: { credits: 10 } });
  expect(await rowmill.budgets.show(budget)).toMatchObject({ reserved: 10 });
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(10);
});

test('a run that waits can be paused, resumed and cancelled without paying', async () => {
  await rowmill.budgets.set(budget, { maxCredits: 10, timezone: calmZone() });
  await (await start('spends', 10)).result();
  const run = await start('waits', 10);
  await waits(run);
  await run.executeUpdate('pause', { args: [{ reason: 'lunch' }] });
  await eventually('it is paused', async () => (await progressOf(run)).stage === 'paused');
  await run.executeUpdate('resume');
  await waits(run);
  // Tried at once, refused again.
  await run.executeUpdate('resume');
  await waits(run);
  await run.cancel();
  expect(await run.result()).toMatchObject({ outcome: 'cancelled', creditsSpent: 0 });
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(10);
});

test('a reservation that is never sent is given back when its run ends', async () => {
  await testEnv.close();
  const refused = { on: 'start-run', fault: 'payment', reason: 'insufficient_credits' } as const;
  await open({ faults: { requests: [refused] } });
  const run = await start('unpaid', 15);
  await eventually(
    'it waits for credits',
    async () => (await progressOf(run)).stage === 'waiting for credits',
  );
  expect(await rowmill.budgets.show(budget)).toMatchObject({ reserved: 10, left: 5 });
  await run.cancel();
  expect(await run.result()).toMatchObject({ outcome: 'cancelled', creditsSpent: 0 });
  await eventually(
    'the reservation is gone',
    async () => (await rowmill.budgets.show(budget)).reserved === 0,
  );
});

test('two pipelines that name one budget with different limits: refused before there is a table', async () => {
  await (await start('kept', 50)).result();
  const tables = testEnv.sandbox.ledger.summary().tablesCreated;
  for (const [name, limit, more] of [
    ['other-limit', 60, {}],
    ['other-zone', 50, { timezone: 'America/Lima' }],
  ] as const) {
    const run = await start(name, limit, more);
    const error: unknown = await run
      .result()
      .catch((reason: unknown) => errorOfRun(reason, run.workflowId));
    expect(error).toMatchObject({ code: 'budget_conflict' });
    expect((error as Error).message).toContain(`budget ${budget} has 50 credits a day`);
    expect((error as Error).message).toContain('is shared with kept');
  }
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(tables);
  // A pipeline alone with its budget may change it.
  expect(await (await start('kept', 70)).result().catch((error: unknown) => error)).toMatchObject({
    outcome: 'completed',
  });
  expect(await rowmill.budgets.show(budget)).toMatchObject({ maxCredits: 70 });
});

test('a run that fits into no day is refused before a table exists', async () => {
  const run = await start('large', 9);
  const error: unknown = await run
    .result()
    .catch((reason: unknown) => errorOfRun(reason, run.workflowId));
  expect(error).toMatchObject({ code: 'spend_refused' });
  expect((error as Error).message).toContain(`budget ${budget} has 9 a day`);
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
  await rowmill.budgets.raise(budget, { credits: 1 });
  const again = await testEnv.client.workflow.start('enrichTable', {
    workflowId: run.workflowId,
    taskQueue: testEnv.taskQueue,
    args: [await input('large', 9)],
  });
  expect(await again.result()).toMatchObject({ outcome: 'completed' });
});

test('an invalid request to a budget is refused', async () => {
  await expect(rowmill.budgets.show(budget)).rejects.toMatchObject({ code: 'budget_not_found' });
  await expect(rowmill.budgets.raise(budget, { credits: 1 })).rejects.toMatchObject({
    code: 'budget_not_found',
  });
  await expect(
    rowmill.budgets.set(budget, { maxCredits: 5, timezone: 'Mars/Olympus' }),
  ).rejects.toMatchObject({ code: 'usage' });
  await rowmill.budgets.set(budget, { maxCredits: 5 });
  const handle = testEnv.client.workflow.getHandle(budgetWorkflowId(budget));
  for (const [update, arg] of [
    ['raise', { credits: -1 }],
    ['raise', null],
    ['set', { timezone: '+02:00' }],
    ['reserve', { id: 'x' }],
    ['join', 7],
  ] as const) {
    await expect(handle.executeUpdate(update, { args: [arg] })).rejects.toThrow();
  }
  await handle.signal('waiting', { nonsense: true });
  expect(await rowmill.budgets.show(budget)).toMatchObject({
    maxCredits: 5,
    timezone: 'UTC',
    reserved: 0,
    waiting: [],
  });
  expect((await rowmill.budgets.list()).budgets.map(({ name }) => name)).toContain(budget);
});

function gate(): [Promise<void>, () => void] {
  let open: () => void = () => undefined;
  return [new Promise((resolve) => (open = resolve)), () => open()];
}
