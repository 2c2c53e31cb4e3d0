import { afterEach, expect, test } from '@jest/globals';
import { cp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Intercept } from '../../sandbox/index.ts';
import { rerunRun } from '../../src/client/runs/rerun.ts';
import type { StartedRun } from '../../src/client/runs/start.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { RowmillError } from '../../src/errors.ts';
import { expireHistory } from '../support/expire-history.ts';
import {
  pipelineInputFor,
  startTestEnv,
  SECTOR,
  TOKEN,
  type TestEnv,
} from '../support/test-env.ts';
import { beforeRequest } from '../support/before-request.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(12);
const CLEAN = { failRate: 0, alwaysFailsRate: 0 };
/** Fails once, then works. */
const FAILING = { failRate: 0.5, alwaysFailsRate: 0 };
const QUICK = {
  minPollInterval: '100ms',
  maxPollInterval: '1s',
  stallAfter: '20s',
  failedPasses: 0,
};

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const id = (): string => `rerun-${testEnv.taskQueue}`;
const totals = () => testEnv.sandbox.ledger.summary();

async function begin(pipeline: Record<string, unknown> = { run: QUICK }) {
  return testEnv.client.workflow.start('enrichTable', {
    workflowId: id(),
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, pipeline)],
  });
}

const finished = async (): Promise<RunSummary> => (await (await begin()).result()) as RunSummary;

const options = () => ({ taskQueue: testEnv.taskQueue, searchAttributes: true });
const rerun = (client = testEnv.client) => rerunRun(client, id(), options());

const resultOf = async (workflowId: string): Promise<RunSummary> =>
  (await testEnv.client.workflow.getHandle(workflowId).result()) as RunSummary;

const rejectionOf = async (answer: Promise<unknown>): Promise<RowmillError> => {
  const error: unknown = await answer.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof RowmillError) return error;
  throw error;
};

test('a rerun asks only for the failed cells', async () => {
  testEnv = await startTestEnv({ sandbox: FAILING });
  const first = await finished();
  const { failed, done } = first.cells;
  expect(first.outcome).toBe('partial');
  expect(failed).toBeGreaterThan(0);
  const paid = totals().cellsPaid;

  const { workflowId } = await rerun();
  expect(workflowId).toBe(`${id()}-rerun-1`);
  const second = await resultOf(workflowId);
  expect(second).toMatchObject({
    outcome: 'completed',
    tableId: first.tableId,
    rows: 12,
    passes: 1,
    asked: { failed },
    quarantine: null,
    previousRun: { workflowId: id(), outcome: 'partial', cells: { done, failed } },
  });
  expect(second.cells.done).toBe(12);
  expect(totals().cellsPaid).toBe(paid + failed);
  expect([totals().tablesCreated, totals().rowsCreated]).toEqual([1, 12]);

  expect(second.results[0]?.path).toBe(first.results[0]?.path);
  const lines = (await readFile(second.results[0]?.path ?? '', 'utf8')).trimEnd().split('\n');
  const keys = lines.map((line) => (JSON.parse(line) as ResultRow).key);
  expect(keys).toEqual(ROWS.map(({ Symbol }) => Symbol));
  const manifest: unknown = JSON.parse(await readFile(second.manifest ?? '', 'utf8'));
  expect(manifest).toMatchObject({ previousRun: { cells: { failed } }, cells: { failed: 0 } });

  // Once more: nothing is left, nothing is paid, and the counts of the rerun are carried.
  const third = await resultOf((await rerun()).workflowId);
  expect(third).toMatchObject({ workflowId: `${id()}-rerun-2`, outcome: 'completed', passes: 0 });
  expect(third.previousRun?.workflowId).toBe(workflowId);
  expect(third.asked).toBeUndefined();
  expect(totals().cellsPaid).toBe(paid + failed);
});

test('a rerun finishes a cancelled run without paying for anything twice', async () => {
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, speed: 20, concurrency: 2 } });
  const run = await begin();
  await eventually('a done cell', () => totals().cellsDone > 14);
  await run.cancel();
  const first = (await run.result()) as RunSummary;
  expect(first.cells.pending).toBeGreaterThan(0);
  const second = await resultOf((await rerun()).workflowId);
  expect(second).toMatchObject({ outcome: 'completed', cells: { done: 12, pending: 0 } });
  expect([totals().tablesCreated, totals().rowsCreated, totals().cellsPaid]).toEqual([1, 12, 12]);
});

test('a rerun finishes a run that was terminated before its first pass', async () => {
  let down = true;
  const intercept: Intercept = ({ phase, route, method }) =>
    down && phase === 'before' && method === 'POST' && route === '/v1/tables/:table_id/run'
      ? { do: 'reply', status: 503, headers: {}, body: '{"detail":"down"}' }
      : undefined;
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, intercept } });
  const run = await begin();
  await eventually('rows', () => totals().rowsCreated === 12);
  await run.terminate();
  down = false;
  const second = await resultOf((await rerun()).workflowId);
  expect(second).toMatchObject({ outcome: 'completed', cells: { done: 12 } });
  expect(second.previousRun).toEqual({ workflowId: id(), outcome: null, cells: null });
  expect([totals().tablesCreated, totals().rowsCreated, totals().cellsPaid]).toEqual([1, 12, 12]);
});

test('beside a stalled foreign cell, a rerun with a lost request repeats the rest', async () => {
  let down = true;
  let lost = 0;
  const intercept: Intercept = ({ phase, route, method, body }) => {
    if (phase === 'after' || method !== 'POST' || route !== '/v1/tables/:table_id/run') return;
    if (down) return { do: 'reply', status: 503, headers: {}, body: '{"detail":"down"}' };
    // Every cell at once, not the stuck one.
    const { rows } = body as { rows?: unknown };
    const whole = rows === undefined || rows === null;
    if (!whole || lost > 0) return;
    lost += 1;
    return { do: 'reset' };
  };
  const stuckRule = { fault: 'stuck' as const, share: 0.1 };
  testEnv = await startTestEnv({
    sandbox: { ...CLEAN, intercept, faults: { seed: 3, cells: [stuckRule] } },
  });
  const run = await begin({ run: { ...QUICK, stallAfter: '3s' } });
  await eventually('rows', () => totals().rowsCreated === 12);
  await run.terminate();
  down = false;
  const [table] = testEnv.sandbox.state.tables.values();
  const stuck = ROWS.map(
    ({ Security }) => testEnv.sandbox.truth('company', Security, SECTOR).stuck,
  );
  await fetch(`${testEnv.sandbox.url}/v1/tables/${table?.id ?? ''}/run`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ mode: 'new', rows: [table?.rowIds.id(stuck.indexOf(true))] }),
  });
  const second = await resultOf((await rerun()).workflowId);
  expect(lost).toBe(1);
  const pending = stuck.filter(Boolean).length;
  expect(second.cells).toMatchObject({ done: 12 - pending, pending });
  expect([totals().tablesCreated, totals().cellsPaid]).toEqual([1, 12]);
});

test('an expired run is continued from the store', async () => {
  testEnv = await startTestEnv({ sandbox: FAILING });
  const first = await finished();
  // The store knows a run of this id, Temporal does not.
  const expired = `expired-${id()}`;
  const { store } = testEnv;
  const firstRunId = first.runId;
  await cp(
    store.run({ workflowId: id(), firstRunId }).path,
    store.run({ workflowId: expired, firstRunId }).path,
    { recursive: true },
  );
  const nowhere = rerunRun(testEnv.client, expired, options());
  expect((await rejectionOf(nowhere)).code).toBe('run_not_found');
  const { workflowId } = await rerunRun(testEnv.client, expired, { ...options(), store });
  const second = await resultOf(workflowId);
  expect(second).toMatchObject({ outcome: 'completed', tableId: first.tableId });
  expect(second.previousRun?.cells).toEqual(first.cells);
});

test('the number of an expired rerun is not reused', async () => {
  testEnv = await startTestEnv({ sandbox: FAILING });
  await finished();
  const first = await rerun();
  await resultOf(first.workflowId);
  await expireHistory(testEnv.client, id(), first.workflowId);
  const { store } = testEnv;
  const { workflowId } = await rerunRun(testEnv.client, id(), { ...options(), store });
  expect(workflowId).toBe(`${id()}-rerun-2`);
  expect((await resultOf(workflowId)).previousRun?.workflowId).toBe(first.workflowId);
  // Without a store those before it are not known: by Temporal's list.
  await eventually('it is listed', async () => {
    const query = `WorkflowId = '${workflowId}'`;
    return (await testEnv.client.workflow.count(query)).count === 1;
  });
  expect((await rerun()).workflowId).toBe(`${id()}-rerun-3`);
});

test('a rerun is found behind any number of them that left nothing', async () => {
  testEnv = await startTestEnv({ sandbox: FAILING });
  await finished();
  const first = await rerun();
  await resultOf(first.workflowId);
  await expireHistory(testEnv.client, id(), first.workflowId);
  const runs = join(testEnv.store.location, 'runs');
  const sixth = `${id()}-rerun-6`;
  await rename(join(runs, first.workflowId), join(runs, sixth));
  const { store } = testEnv;
  const { workflowId } = await rerunRun(testEnv.client, id(), { ...options(), store });
  expect(workflowId).toBe(`${id()}-rerun-7`);
  expect((await resultOf(workflowId)).previousRun?.workflowId).toBe(sixth);
});

test('a run that was started again after its reruns is the newest of them', async () => {
  testEnv = await startTestEnv({ sandbox: FAILING });
  await finished();
  const { workflowId: earlier } = await rerun();
  await resultOf(earlier);
  const again = await finished();
  const { workflowId } = await rerun();
  expect(workflowId).toBe(`${id()}-rerun-2`);
  const second = await resultOf(workflowId);
  expect(second).toMatchObject({ tableId: again.tableId, previousRun: { workflowId: id() } });
});

test('two concurrent equal requests get one rerun', async () => {
  testEnv = await startTestEnv({ sandbox: FAILING });
  const first = await finished();
  let one: StartedRun | undefined;
  // Both have seen that the run is over.
  const client = beforeRequest(testEnv.client, 'startWorkflowExecution', async () => {
    one = await rerun();
  });
  const two = await rerun(client);
  expect(one?.attached).toBe(false);
  expect(two).toEqual({ ...one, attached: true });
  await resultOf(two.workflowId);
  expect(totals().cellsPaid).toBe(12 + first.cells.failed);
});

test('an impossible rerun is refused with a remedy', async () => {
  testEnv = await startTestEnv({ sandbox: CLEAN });
  const run = await begin({ spend: { approveAbove: 1 } });
  await eventually(
    'waiting',
    async () => (await run.query<RunProgress>('progress')).stage === 'waiting for approval',
  );
  const early = await rejectionOf(rerun());
  expect([early.code, early.what]).toEqual(['action_refused', 'the run is in progress']);
  await run.cancel();
  await run.result();
  const tableless = await rejectionOf(rerun());
  expect([tableless.code, tableless.what]).toEqual([
    'action_refused',
    'it ended before it had a table',
  ]);
  expect(tableless.remedy).toContain('rowmill run FILE');
});

test('the estimate of a rerun covers only the open cells', async () => {
  testEnv = await startTestEnv({ sandbox: FAILING });
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: id(),
    taskQueue: testEnv.taskQueue,
    args: [
      {
        ...(await pipelineInputFor(testEnv, ROWS, { run: QUICK, spend: { approveAbove: 1 } })),
        approved: true,
      },
    ],
  });
  const first = (await run.result()) as RunSummary;
  const again = testEnv.client.workflow.getHandle((await rerun()).workflowId);
  const progress = (): Promise<RunProgress> => again.query<RunProgress>('progress');
  await eventually('waiting', async () => (await progress()).stage === 'waiting for approval');
  expect((await progress()).estimatedCredits).toBe(first.cells.failed);
  await again.executeUpdate('approveSpend');
  expect(await again.result()).toMatchObject({ outcome: 'completed' });
});
