import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

let testEnv: TestEnv;
beforeAll(async () => (testEnv = await startTestEnv()));
afterAll(() => testEnv.close());

/** Cancels a waiting run as another client does, which sends no name before. */
async function reasonOf(name: string, identity: string): Promise<string | null> {
  const { client, taskQueue } = testEnv;
  const rows = [{ Symbol: 'A', Security: 'A' }];
  const input = await pipelineInputFor(testEnv, rows, { spend: { approveAbove: 0 } });
  const run = await client.workflow.start('enrichTable', {
    workflowId: `${name}-${taskQueue}`,
    taskQueue,
    args: [input],
  });
  await eventually('it waits', async () => {
    return (await run.query<RunProgress>('progress')).stage === 'waiting for approval';
  });
  const { connection, options } = client;
  const other = new Client({ connection, namespace: options.namespace, identity });
  await other.workflow.getHandle(run.workflowId).cancel();
  // Safe cast: the workflow type returns a RunSummary.
  return ((await run.result()) as RunSummary).reason;
}

test.each([
  ['ui', 'webui', 'cancelled by webui; nothing was published'],
  ['process', '4711@host', 'cancelled; nothing was published'],
])('a cancel from another client is explained by its identity: %s', async (name, by, reason) => {
  expect(await reasonOf(name, by)).toBe(reason);
});
