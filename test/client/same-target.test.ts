import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Rowmill } from '../../src/client/rowmill.ts';
import type { RunProgress } from '../../src/contract/run.ts';
import { realFootprint } from '../../src/paths/footprint.ts';
import { claimTargets } from '../../src/store/claims.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';

let testEnv: TestEnv;
beforeAll(async () => (testEnv = await startTestEnv()));
afterAll(() => testEnv.close());

test('a terminated run is no other run under way, although its claim is still there', async () => {
  const { client, store, taskQueue } = testEnv;
  const start = async (workflowId: string) => {
    const input = await pipelineInputFor(testEnv, [{ Symbol: 'A', Security: 'A' }], {
      spend: { approveAbove: 0 },
    });
    const run = await client.workflow.start('enrichTable', {
      workflowId,
      taskQueue,
      args: [input],
    });
    await eventually('it waits', async () => {
      return (await run.query<RunProgress>('progress')).stage === 'waiting for approval';
    });
    return { run, results: input.pipeline.results };
  };
  const { run, results } = await start(`claimed-${taskQueue}`);
  const other = await start(`other-${taskQueue}`);
  const { results: path, manifest } = await realFootprint(results[0]?.to ?? '');
  const key = { workflowId: run.workflowId, firstRunId: run.firstExecutionRunId };
  await claimTargets(store, key, [path, manifest], Date.now() + 3_600_000);

  const rowmill = await Rowmill.connect({ client, store, taskQueue });
  const attached = await rowmill.attach(other.run.workflowId);
  expect(await rowmill.sharedTargets({ results }, attached)).toEqual([
    expect.stringContaining(run.workflowId),
  ]);
  await run.terminate();
  expect(await rowmill.sharedTargets({ results }, attached)).toEqual([]);
  await other.run.terminate();
});
