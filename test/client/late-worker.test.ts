import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { updateRun } from '../../src/client/runs/update.ts';
import { createWebhooks } from '../../src/notify/webhooks.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { startWorker } from '../../src/worker/worker.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { allEnv } from '../support/providers/cases.ts';
import { eventually } from '../support/eventually.ts';
import { ROWS } from './backend.ts';

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

test('a request without a worker is reported as one the next may accept', async () => {
  const workflowId = `late-${testEnv.taskQueue}`;
  const handle = await testEnv.client.workflow.start('enrichTable', {
    workflowId,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, { spend: { approveAbove: 0 } })],
  });
  await eventually('it waits', async () => {
    const { stage } = await handle.query<{ stage: string }>('progress');
    return stage === 'waiting for approval';
  });
  await testEnv.worker.stop();
  const approval = updateRun(testEnv.client, workflowId, testEnv.taskQueue, 'approveSpend');
  await expect(approval).rejects.toMatchObject({
    code: 'action_refused',
    ambiguous: true,
    remedy: expect.stringContaining('may still carry it out') as unknown,
  });
  const worker = await anotherWorker();
  // The server keeps such a request in memory: a busy one may have dropped it.
  await updateRun(testEnv.client, workflowId, testEnv.taskQueue, 'approveSpend').catch(
    (error: unknown) => expect(error).toMatchObject({ code: 'action_refused' }),
  );
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  await worker.stop();
});

const anotherWorker = () =>
  startWorker({
    deps: {
      store: testEnv.store,
      searchAttributes: true,
      commitWaitFactor: 0.2,
      providers: createProviders(allEnv(testEnv.sandbox.url)),
      webhooks: createWebhooks({}),
    },
    taskQueue: testEnv.taskQueue,
    target: {
      address: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
      ignoreProfileFile: true,
    },
    shutdownGraceMs: 100,
  });
