import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { Rowmill } from '../../src/client/rowmill.ts';
import type { RunProgress } from '../../src/contract/run.ts';
import { realFootprint } from '../../src/paths/footprint.ts';
import { claimTargets } from '../../src/store/claims.ts';
import { pipelineOf as documentOf } from './backend.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';

let testEnv: TestEnv;
beforeAll(async () => (testEnv = await startTestEnv()));
afterAll(() => testEnv.close());

test('a terminated run is no other run in progress, although its claim is still there', async () => {
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
  const address = process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
  const warningsOfCheck = async (env: Record<string, string>): Promise<string[]> =>
    (await Rowmill.check({ pipeline: documentOf(testEnv), store, env })).warnings;
  const caution = expect.stringContaining(`run ${run.workflowId} is in progress`);
  expect(await warningsOfCheck({ TEMPORAL_ADDRESS: address })).toContainEqual(caution);
  const second = await start(`second-${taskQueue}`);
  const statusOf = async (id: string) => (await rowmill.attach(id)).status();
  expect((await statusOf(second.run.workflowId)).progress?.sameTarget).toEqual([run.workflowId]);

  await run.terminate();
  expect(await rowmill.sharedTargets({ results }, attached)).toEqual([]);
  expect(await warningsOfCheck({ TEMPORAL_ADDRESS: address })).not.toContainEqual(caution);
  expect((await statusOf(second.run.workflowId)).progress?.sameTarget).toBeUndefined();
  // A run that starts now asks the server itself.
  const third = await start(`third-${taskQueue}`);
  expect((await third.run.query<RunProgress>('progress')).sameTarget).toBeUndefined();
  // Where no server answers, the registration counts.
  expect(await warningsOfCheck({ TEMPORAL_ADDRESS: '127.0.0.1:1' })).toContainEqual(caution);
  for (const each of [other, second, third]) await each.run.terminate();
});

test('the status of a run says that another run has replaced its published file', async () => {
  const { client, store, taskQueue } = testEnv;
  const rowmill = await Rowmill.connect({ client, store, taskQueue });
  const complete = async (key: string, symbol: string) => {
    const rows = [{ Symbol: symbol, Security: symbol }];
    const results = [{ to: join(testEnv.folder, 'replaced', 'results.jsonl') }];
    const pipeline = documentOf(testEnv, { results });
    const run = await rowmill.start({ pipeline, rows, key: `${key}-${taskQueue}` });
    await run.wait();
    return run;
  };
  const first = await complete('replaced', 'A');
  expect((await first.status()).replaced).toEqual([]);
  const second = await complete('replacing', 'B');
  const path = join(testEnv.folder, 'replaced', 'results.jsonl');
  expect((await first.status()).replaced).toEqual([{ path, workflowId: second.id }]);
  expect((await second.status()).replaced).toEqual([]);
});
