import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Intercept } from '../../sandbox/index.ts';
import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const REQUESTS_PER_SECOND = 60;
const SMALL_RUNS = 30;
const LARGE_ROWS = 6_000;

/** Rows of a full request. */
const BATCH = 50;

/** An API that takes its time over each batch but the first ones, until it is asked to hurry. */
function slowLoads(eachMs: number, quickOnes = 0) {
  const hurry = new AbortController();
  let batches = 0;
  const intercept: Intercept = async ({ phase, method, route, body }) => {
    const isAdd = method === 'POST' && route === '/v1/tables/:table_id/rows';
    // As our provider sends it.
    if (phase !== 'before' || !isAdd || (body as { rows: unknown[] }).rows.length < BATCH) return;
    batches += 1;
    const options = { ref: false, signal: hurry.signal };
    if (batches > quickOnes) await sleep(eachMs, undefined, options).catch(() => undefined);
    return undefined;
  };
  return { intercept, hurry: () => hurry.abort() };
}

let testEnv: TestEnv;
// The large run competes with the small ones, and has half of its way before it when they are over.
const large = slowLoads(10_000, LARGE_ROWS / BATCH / 2);

beforeAll(async () => {
  const { intercept } = large;
  testEnv = await startTestEnv({
    requestsPerSecond: REQUESTS_PER_SECOND,
    sandbox: { failRate: 0, alwaysFailsRate: 0, concurrency: LARGE_ROWS, intercept },
  });
});
afterAll(() => testEnv.close());

async function start(name: string, rows: number, testEnv: TestEnv) {
  const input = await pipelineInputFor(testEnv, companies(rows), {
    run: { minPollInterval: '1s', maxPollInterval: '5s', deadline: '10m' },
    results: [{ to: `out/${name}.jsonl` }],
  });
  return testEnv.client.workflow.start<(input: unknown) => Promise<RunSummary>>(WORKFLOW_TYPE, {
    workflowId: `${name}-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [input],
  });
}

test('many small runs on one worker do not wait for a large one', async () => {
  const startedAtMs = performance.now();
  const run = await start('large', LARGE_ROWS, testEnv);
  const small = await Promise.all(
    Array.from({ length: SMALL_RUNS }, (_, at) => start(`small-${at}`, 2, testEnv)),
  );
  const ended = await Promise.all(small.map((handle) => handle.result()));
  expect((await run.describe()).status.name).toBe('RUNNING');
  large.hurry();
  const all = [...ended, await run.result()];
  const seconds = (performance.now() - startedAtMs) / 1_000;

  for (const { outcome } of all) expect(outcome).toBe('completed');
  const { tablesCreated, cellsPaid } = testEnv.sandbox.ledger.summary();
  expect({ tablesCreated, cellsPaid }).toEqual({
    tablesCreated: SMALL_RUNS + 1,
    cellsPaid: LARGE_ROWS + 2 * SMALL_RUNS,
  });
  const requests = all.reduce((sum, { apiCalls }) => sum + apiCalls.total, 0);
  expect(requests).toBeLessThanOrEqual(REQUESTS_PER_SECOND * (seconds + 1));
});

test('small runs do not wait for a slot behind forty large loads', async () => {
  // Each load takes ten minutes at the provider, however fast this machine is.
  const { intercept, hurry } = slowLoads(20_000);
  const slow = await startTestEnv({ sandbox: { intercept } });
  try {
    const stage = async (run: WorkflowHandle) => (await run.query<RunProgress>('progress')).stage;
    const loads = await Promise.all(
      Array.from({ length: 40 }, (_, at) => start(`load-${at}`, 1_500, slow)),
    );
    for (const [at, run] of loads.entries()) {
      await eventually(`load ${at} began`, async () => (await stage(run)) === 'loading rows');
    }
    const small = await Promise.all(
      Array.from({ length: 5 }, (_, at) => start(`beside-${at}`, 2, slow)),
    );
    for (const { outcome } of await Promise.all(small.map((run) => run.result()))) {
      expect(outcome).toBe('completed');
    }
    const still = await Promise.all(loads.map(stage));
    expect(new Set(still)).toEqual(new Set(['loading rows']));
    await Promise.all(loads.map((run) => run.cancel()));
    hurry();
    for (const { outcome } of await Promise.all(loads.map((run) => run.result()))) {
      expect(outcome).toBe('cancelled');
    }
  } finally {
    await slow.close();
  }
});
