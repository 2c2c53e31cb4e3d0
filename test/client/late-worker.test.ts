import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { updateRun } from '../../src/client/update-run.ts';
import { createWebhooks } from '../../src/notify/webhooks.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { startWorker } from '../../src/worker/worker.ts';
import { inputFor, openHouse, type House } from '../support/house.ts';
import { allEnv } from '../support/providers/cases.ts';
import { until } from '../support/until.ts';
import { ROWS } from './backend.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse({ sandbox: { failRate: 0, hopelessRate: 0 } });
});
afterAll(() => house.close());

test('what no worker has taken in time is told as what the next one may take', async () => {
  const workflowId = `late-${house.taskQueue}`;
  const handle = await house.client.workflow.start('enrichTable', {
    workflowId,
    taskQueue: house.taskQueue,
    args: [await inputFor(house, ROWS, { spend: { approveAbove: 0 } })],
  });
  await until('it waits', async () => {
    const { stage } = await handle.query<{ stage: string }>('progress');
    return stage === 'waiting for approval';
  });
  await house.worker.stop();
  const approval = updateRun(house.client, workflowId, house.taskQueue, 'approveSpend');
  await expect(approval).rejects.toMatchObject({
    code: 'action_refused',
    ambiguous: true,
    remedy: expect.stringContaining('may still carry it out') as unknown,
  });
  const worker = await anotherWorker();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  await worker.stop();
});

const anotherWorker = () =>
  startWorker({
    deps: {
      store: house.store,
      searchAttributes: true,
      settleFactor: 0.2,
      providers: createProviders(allEnv(house.sandbox.url)),
      webhooks: createWebhooks({}),
    },
    taskQueue: house.taskQueue,
    target: {
      address: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
      ignoreProfileFile: true,
    },
    shutdownGraceMs: 100,
  });
