import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { RunSummary } from '../../src/contract/run.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import { manualClock } from '../support/manual-clock.ts';
import { pipelineInputFor, startTestEnv } from '../support/test-env.ts';
import { extruct } from '../support/providers/extruct.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const HOUR_MS = 3_600_000;
const SPEED = 300;
const ROWS = companies(5);

/** Limits under which a long time without progress is no stall. */
const run = { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '10m', deadline: '30m' };

/** Runs a table whose workflow continues as new while it waits. */
async function longRun(provider: ProviderCase) {
  // The server suggests it at 4,096 events; 30 are reached before the first wait is over.
  const server = await startTemporalServer({
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 30 },
  });
  const clock = manualClock();
  const testEnv = await startTestEnv({
    address: server.address,
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      realMs: clock.realMs,
      // One cell at a time, each an hour unless the clock is put forward.
      speed: SPEED,
      concurrency: 1,
      cellMs: { min: SPEED * HOUR_MS, max: SPEED * HOUR_MS },
      promptLayer: { confirmAbove: 4 },
    },
  });
  try {
    const handle = await testEnv.client.workflow.start('enrichTable', {
      workflowId: 'long',
      taskQueue: testEnv.taskQueue,
      args: [await pipelineInputFor(testEnv, ROWS, { run }, provider)],
    });
    const { ledger } = testEnv.sandbox;
    await eventually('a cell is in progress', () => ledger.summary().cellsPaid > 0);
    // Three of five done, of which a slice ends when it has lasted long enough.
    clock.resume(3.5 * HOUR_MS);
    await eventually('it goes on in a new run', async () => {
      const { runId } = await testEnv.client.workflow.getHandle('long').describe();
      return runId !== handle.firstExecutionRunId;
    });
    clock.resume(10 * HOUR_MS);
    const summary = (await handle.result()) as RunSummary;
    expect(summary.outcome).toBe('completed');
    expect(summary.runId).not.toBe(handle.firstExecutionRunId);
    expect(summary.cells.done).toBe(ROWS.length);
    const totals = ledger.summary();
    expect([totals.tablesCreated, totals.rowsCreated, totals.cellsPaid]).toEqual([1, 5, 5]);
    // Preflight, create, rows, run and the final page count once, though two runs did the work.
    expect(summary.apiCalls.total).toBe(totals.requests.total);
    return JSON.parse(await readFile(summary.manifest ?? '', 'utf8')) as { confirmed: unknown };
  } finally {
    await testEnv.close();
    await server.stop();
  }
}

test('a run whose history grows too long continues as new', async () => {
  expect((await longRun(extruct)).confirmed).toBeNull();
});

test('what was confirmed before stays confirmed in the run that goes on', async () => {
  expect((await longRun(promptlayer)).confirmed).toEqual({ requests: 1, cells: 5 });
});
