import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eachRun } from '../../src/client/runs/lookup/list.ts';
import { eventually } from '../support/eventually.ts';
import { openBackend, pipelineOf, type Backend } from './backend.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend();
});
afterAll(() => backend.close());

test('a run that ends between two pages is yielded once', async () => {
  const { testEnv, rowmill } = backend;
  const { client } = testEnv;
  const name = `each-${process.pid}-${Date.now()}`;
  const pipeline = pipelineOf(testEnv, { name, spend: { approveAbove: 0 } });
  // They wait for an approval, as long as it takes.
  const started = [];
  for (const n of [1, 2]) started.push((await rowmill.start({ pipeline, id: `${name}-${n}` })).id);
  const listed = async (status: 'Running' | 'Terminated'): Promise<string[]> => {
    const { runs } = await rowmill.list({ pipeline: name, status });
    return runs.map(({ workflowId }) => workflowId);
  };
  await eventually('both are listed', async () => (await listed('Running')).length === 2);

  const reported: string[] = [];
  for await (const { workflowId } of eachRun(client, { pipeline: name, limit: 1 })) {
    reported.push(workflowId);
    if (reported.length > 1) continue;
    await client.workflow.getHandle(workflowId).terminate('it ends now');
    await eventually(
      'it is listed as ended',
      async () => (await listed('Terminated')).length === 1,
    );
  }
  expect(reported.sort()).toEqual(started);
  for (const id of await listed('Running')) {
    await client.workflow.getHandle(id).terminate('the test is over');
  }
});
