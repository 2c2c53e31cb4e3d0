import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { RunSummary } from '../../src/contract/run.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import { inputFor, openHouse } from '../support/house.ts';
import { extruct } from '../support/providers/extruct.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';

const ROWS = Array.from({ length: 5 }, (_, n) => ({ Symbol: `S${n}`, Security: `Company ${n}` }));

/** One that is continued as new while it waits. */
async function longRun(provider: ProviderCase) {
  // The server suggests it at 4,096 events; 30 are reached before the first wait is over.
  const server = await startTemporalServer({
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 30 },
  });
  // One cell at a time, each longer than the shortest slice (20 s) allows for two.
  const house = await openHouse({
    address: server.address,
    sandbox: {
      failRate: 0,
      hopelessRate: 0,
      speed: 10,
      concurrency: 1,
      cellMs: { min: 50_000, max: 50_000 },
      promptLayer: { confirmAbove: 4 },
    },
  });
  try {
    const handle = await house.client.workflow.start('enrichTable', {
      workflowId: 'long',
      taskQueue: house.taskQueue,
      args: [await inputFor(house, ROWS, {}, provider)],
    });
    const summary = (await handle.result()) as RunSummary;
    expect(summary.outcome).toBe('completed');
    expect(summary.runId).not.toBe(handle.firstExecutionRunId);
    expect(summary.cells.done).toBe(ROWS.length);
    const books = house.sandbox.ledger.summary();
    expect([books.tablesCreated, books.rowsCreated, books.cellsPaid]).toEqual([1, 5, 5]);
    // Preflight, create, rows, run and the final page count once, though three runs did the work.
    expect(summary.apiCalls.total).toBe(books.requests.total);
    return JSON.parse(await readFile(summary.manifest ?? '', 'utf8')) as { confirmed: unknown };
  } finally {
    await house.close();
    await server.stop();
  }
}

test('a run whose history grows too long goes on in a new one, with the same table and counts', async () => {
  expect((await longRun(extruct)).confirmed).toBeNull();
});

test('what was confirmed before stays confirmed in the run that goes on', async () => {
  expect((await longRun(promptlayer)).confirmed).toEqual({ requests: 1, cells: 5 });
});
