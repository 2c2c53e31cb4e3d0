import { afterEach, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import type { Intercept } from '../../sandbox/index.ts';
import { cancelRun } from '../../src/client/runs/cancel.ts';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { Adjusted, RunProgress, RunSummary } from '../../src/contract/run.ts';
import type { RowmillError } from '../../src/errors.ts';
import { manualClock } from '../support/manual-clock.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';
import { stageIs } from '../support/run-stage.ts';

const CLEAN = { failRate: 0, alwaysFailsRate: 0 };
const clock = manualClock();
/** Cells of 3 s and more, four at once. */
const SLOW = { ...CLEAN, speed: 20, concurrency: 4, realMs: clock.realMs };

let testEnv: TestEnv;
afterEach(async () => {
  clock.resume();
  await testEnv.close();
});

let runs = 0;
const start = async (
  count: number,
  pipeline: Record<string, unknown> = {},
): Promise<WorkflowHandle> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: `pause-${testEnv.taskQueue}-${(runs += 1)}`,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, companies(count), pipeline)],
  });

const progress = (run: WorkflowHandle): Promise<RunProgress> => run.query<RunProgress>('progress');
const totals = () => testEnv.sandbox.ledger.summary();
/** Waits until a run is in the middle of its cells; it stays there until the clock is resumed. */
const untilHalfDone = (cells: number): Promise<void> =>
  eventually('a done cell', () => {
    const there = totals().cellsDone > cells;
    if (there) clock.freeze();
    return there;
  });
const rejectionOf = async (answer: Promise<unknown>): Promise<RowmillError> =>
  answer.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => errorOfRun(error, 'it'),
  );

/** Requests stop, however long one waits: two equal counts with time between for many polls. */
async function untilNoRequests(): Promise<void> {
  let before = -1;
  await eventually('no requests', async () => {
    const now = totals().requests.total;
    const quiet = now === before;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return quiet;
  });
}

test('a paused run polls nothing while cells go on', async () => {
  testEnv = await startTestEnv({ sandbox: SLOW });
  const run = await start(12);
  await untilHalfDone(12);
  await run.executeUpdate('pause', { args: [{ reason: 'a look at the prompt', by: 'ada' }] });
  await stageIs(run, 'paused');
  clock.resume();
  expect((await progress(run)).paused).toMatchObject({
    reason: 'a look at the prompt',
    by: 'ada',
    at: 'running',
  });
  await untilNoRequests();
  const { typedSearchAttributes } = await run.describe();
  expect(JSON.stringify(typedSearchAttributes)).toContain('paused');
  await run.executeUpdate('resume');
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'completed', cells: { done: 12 }, stillRunning: null });
  expect(totals().cellsPaid).toBe(12);
  expect(summary.apiCalls.total).toBe(totals().requests.total);
});

test('no rows are sent while a run is paused', async () => {
  // 50 requests, of which the first 20 go out at once.
  testEnv = await startTestEnv({ sandbox: CLEAN, requestsPerSecond: 4 });
  const run = await start(2_500);
  await eventually('some batches', () => totals().rowsCreated > 500);
  await run.executeUpdate('pause');
  await stageIs(run, 'paused');
  // Requests in flight may still have been committed.
  await untilNoRequests();
  expect(totals().rowsCreated).toBeLessThan(2_500);
  await run.executeUpdate('resume');
  await eventually('rows', () => totals().rowsCreated >= 2_500);
  await run.cancel();
  await run.result();
  expect(totals().rowsCreated - totals().rowsDeleted).toBe(2_500);
});

test('a run paused during its last table scan publishes when it is resumed', async () => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let reads = 0;
  const intercept: Intercept = async ({ phase, method, route }) => {
    if (phase !== 'before' || method !== 'GET' || route !== '/v1/tables/:table_id/data') return;
    reads += 1;
    await released;
    return undefined;
  };
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, intercept } });
  const run = await start(4);
  await eventually('its last table scan', () => reads > 0);
  await run.executeUpdate('pause');
  // The scan may end before the worker learns that it must stop.
  release();
  await stageIs(run, 'paused');
  expect((await progress(run)).outcome).toBe(null);
  await run.executeUpdate('resume');
  expect(await run.result()).toMatchObject({ outcome: 'completed', cells: { done: 4 } });
});

test('a run that waits for approval can be approved while paused', async () => {
  testEnv = await startTestEnv({ sandbox: CLEAN });
  const run = await start(2, { spend: { approveAbove: 1 } });
  await stageIs(run, 'waiting for approval');
  await run.executeUpdate('pause');
  await stageIs(run, 'paused');
  await run.executeUpdate('approveSpend');
  expect((await progress(run)).stage).toBe('paused');
  expect(totals().tablesCreated).toBe(0);
  await run.executeUpdate('resume');
  expect(await run.result()).toMatchObject({ outcome: 'completed', cells: { done: 2 } });
});

test('a run that waits for credits can be paused and resumed', async () => {
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, credits: 3 } });
  const run = await start(8, {
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '2s' },
  });
  await stageIs(run, 'waiting for credits');
  await run.executeUpdate('pause');
  await stageIs(run, 'paused');
  await untilNoRequests();
  await run.executeUpdate('resume');
  await stageIs(run, 'waiting for credits');
  await fetch(`${testEnv.sandbox.url}/_sandbox/credits`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer sandbox-token-5f0c2b9d7e',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ add: 100 }),
  });
  expect(await run.result()).toMatchObject({ outcome: 'completed', cells: { done: 8 } });
  expect(totals().cellsPaid).toBe(8);
});

test('a paused run that is cancelled reports the cells that still cost', async () => {
  testEnv = await startTestEnv({ sandbox: SLOW });
  const run = await start(12);
  await untilHalfDone(12);
  await run.executeUpdate('pause');
  await stageIs(run, 'paused');
  await run.cancel();
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('cancelled');
  expect(summary.stillRunning?.tableId).toBe(summary.tableId);
  expect(summary.stillRunning?.cells).toBeGreaterThan(0);
  const manifest: unknown = JSON.parse(await readFile(summary.manifest ?? '', 'utf8'));
  expect(summary.reason).toMatch(/^cancelled; \d+ of 12 cells have an answer and are published$/);
  const { reason, stillRunning } = summary;
  expect(manifest).toMatchObject({ reason, stillRunning });
});

test('the reason of a cancelled run names its sender', async () => {
  testEnv = await startTestEnv({ sandbox: SLOW });
  const run = await start(12);
  await untilHalfDone(12);
  // Garbage from another client names no sender, and does no harm.
  await run.signal('cancelRequest', { by: 7 });
  await run.signal('cancelRequest');
  await cancelRun(testEnv.client, run.workflowId, { by: 'anna\n' });
  const { reason } = (await run.result()) as RunSummary;
  expect(reason).toMatch(/^cancelled by anna; \d+ of 12 cells have an answer and are published$/);
  expect(await run.query<RunProgress>('progress')).toMatchObject({ outcome: 'cancelled', reason });
});

test('the deadline of a paused run keeps running: then it publishes what is there', async () => {
  testEnv = await startTestEnv({ sandbox: SLOW });
  const run = await start(12);
  await untilHalfDone(12);
  await run.executeUpdate('pause');
  await stageIs(run, 'paused');
  const { startedAtMs } = await progress(run);
  const soon = Date.now() - startedAtMs + 3_000;
  await run.executeUpdate('adjust', { args: [{ deadline: soon }] });
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('partial');
  expect(summary.stillRunning?.cells).toBeGreaterThan(0);
});

test('a deadline extended during a wait lets the run complete', async () => {
  testEnv = await startTestEnv({ sandbox: SLOW });
  const run = await start(12, {
    run: { minPollInterval: '100ms', maxPollInterval: '60s', stallAfter: '20s', deadline: '20s' },
  });
  await stageIs(run, 'running');
  const adjusted = await run.executeUpdate<Adjusted, [unknown]>('adjust', {
    args: [{ deadline: '5m', maxPollInterval: '1s' }],
  });
  const { startedAtMs, deadlineAtMs, maxPollIntervalMs } = await progress(run);
  expect(adjusted).toEqual({ deadlineAtMs: startedAtMs + 300_000, maxPollIntervalMs: 1_000 });
  expect([deadlineAtMs, maxPollIntervalMs]).toEqual([startedAtMs + 300_000, 1_000]);
  expect(await run.result()).toMatchObject({ outcome: 'completed', cells: { done: 12 } });
});

test('one more pass is made when it was asked for beyond the policy', async () => {
  testEnv = await startTestEnv({ sandbox: { ...SLOW, failRate: 1, alwaysFailsRate: 0 } });
  const run = await start(6, {
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', failedPasses: 0 },
  });
  await untilHalfDone(0);
  await run.executeUpdate('rerunFailed');
  expect((await progress(run)).rerunRequested).toBe(true);
  const again = await rejectionOf(run.executeUpdate('rerunFailed'));
  expect(again.what).toContain('asked for already');
  clock.resume();
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'completed', passes: 2, cells: { done: 6, failed: 0 } });
});

test('an update that makes no sense is refused before it reaches the history', async () => {
  testEnv = await startTestEnv({ sandbox: CLEAN });
  const run = await start(2, { spend: { approveAbove: 1 } });
  await stageIs(run, 'waiting for approval');
  const events = (await run.describe()).historyLength;
  const refused = await Promise.all([
    rejectionOf(run.executeUpdate('resume')),
    rejectionOf(run.executeUpdate('rerunFailed')),
    rejectionOf(run.executeUpdate('adjust')),
    rejectionOf(run.executeUpdate('adjust', { args: [{ deadline: 'banana' }] })),
    rejectionOf(run.executeUpdate('adjust', { args: [{ deadline: '1ms' }] })),
    rejectionOf(run.executeUpdate('adjust', { args: [{ maxPollInterval: '10ms' }] })),
    rejectionOf(run.executeUpdate('pause', { args: [{ raeson: 'typo' }] })),
  ]);
  expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'action_refused'));
  expect(refused.map(({ what }) => what)).toEqual([
    'nothing to resume: the run is at "waiting for approval"',
    'no cell has been asked for yet: the run is at "waiting for approval"',
    'nothing to adjust',
    'deadline: "banana" is not a duration',
    expect.stringMatching(/^1ms from the start was at .*, which is over$/),
    'maxPollInterval is shorter than minPollInterval (0.1 s)',
    'there is no field "raeson"',
  ]);
  expect(refused[0].remedy).toMatch(/^Approve it: rowmill approve \S+\.$/);
  expect((await run.describe()).historyLength).toBe(events);
  await run.cancel();
  expect(await run.result()).toMatchObject({ outcome: 'cancelled', tableId: null });
});
