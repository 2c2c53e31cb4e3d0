import { afterEach, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { Intercept } from '../../sandbox/index.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, TOKEN, type TestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';
import { stageIs } from '../support/run-stage.ts';

const ROWS = companies(20);
const CLEAN = { failRate: 0, alwaysFailsRate: 0 };

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const start = async (pipeline: Record<string, unknown> = {}): Promise<WorkflowHandle> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: `account-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, pipeline)],
  });

async function topUp(credits: number): Promise<void> {
  await fetch(`${testEnv.sandbox.url}/_sandbox/credits`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ add: credits }),
  });
}

test('a run whose credits run out in the middle waits for a top-up', async () => {
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, credits: 5 } });
  const run = await start({
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '2s' },
  });
  await stageIs(run, 'waiting for credits');
  await topUp(100);
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('completed');
  expect(summary.cells.done).toBe(ROWS.length);
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(ROWS.length);
});

test('a run whose token is refused goes on after `resume`', async () => {
  const [sent, account] = ['POST /v1/tables/:table_id/run', 'GET /v1/user'];
  const refused = new Set([sent]);
  const intercept: Intercept = ({ phase, method, route }) => {
    if (phase !== 'before' || !refused.has(`${method} ${route}`)) return undefined;
    // From then on the account looks unusable as well: the run does not go on by itself.
    refused.add(account);
    return { do: 'reply', status: 401, headers: {}, body: '{"detail":"Invalid token"}' };
  };
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, intercept } });
  const run = await start();
  await stageIs(run, 'waiting for credentials');
  refused.delete(sent);
  await run.executeUpdate('resume');
  refused.delete(account);
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('completed');
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(ROWS.length);
});

test('a run that is cancelled while it waits for credits publishes what is there', async () => {
  testEnv = await startTestEnv({ sandbox: { ...CLEAN, credits: 5 } });
  const run = await start({
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '2s' },
  });
  await stageIs(run, 'waiting for credits');
  await run.cancel();
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('cancelled');
  expect([summary.cells.done, summary.cells.pending]).toEqual([5, 15]);
});

test('a missing plan does not end the wait for credits', async () => {
  const after = { while: { cellsPaid: { atLeast: 5 } } };
  testEnv = await startTestEnv({
    sandbox: {
      ...CLEAN,
      credits: 5,
      extruct: { billing: null },
      faults: {
        requests: [{ on: 'read-status', fault: 'rate-limit', seconds: 1, ...after }],
      },
    },
    deps: { troubleLimits: { shownAfterMs: 1, refusedAtMostMs: 20_000 } },
  });
  const run = await start();
  await stageIs(run, 'waiting for credits');
  await run.terminate();
});

test('a run that waits for credentials shows the cells that were done before', async () => {
  const after = { while: { cellsPaid: { atLeast: 6 } } };
  testEnv = await startTestEnv({
    sandbox: {
      ...CLEAN,
      // A forecast takes readings of ten seconds.
      speed: 20,
      concurrency: 2,
      faults: {
        requests: [
          { on: 'read-status', fault: 'denied', ...after },
          { on: 'read-account', fault: 'denied', ...after },
        ],
      },
    },
  });
  const run = await start({ run: { minPollInterval: '20ms', maxPollInterval: '20ms' } });
  await stageIs(run, 'waiting for credentials');
  const { cells, asOfMs, startedAtMs, ...rest } = await run.query<RunProgress>('progress');
  expect(cells.done).toBeGreaterThan(0);
  expect(asOfMs).toBeGreaterThan(startedAtMs);
  // Nothing is read while it waits, so there is no forecast.
  expect(rest).toMatchObject({ cellsPerMinute: null, leftMs: null });
  await run.terminate();
});
