import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Rowmill } from '../../src/client/rowmill.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv();
});
afterAll(() => testEnv.close());

/** The first warning about a run whose task queue no worker polls. */
async function firstWarning(broken?: Promise<never>): Promise<string | null> {
  const { client, store } = testEnv;
  const taskQueue = `nobody-${testEnv.taskQueue}`;
  const workflowId = `${taskQueue}-${broken === undefined ? 'elsewhere' : 'here'}`;
  const handle = await client.workflow.start('enrichTable', { workflowId, taskQueue, args: [{}] });
  const rowmill = await Rowmill.connect({ client, store });
  const run = await rowmill.attach(workflowId);
  const looks = run.progress({ ...(broken === undefined ? {} : { broken }) });
  const look = await looks.next();
  await handle.terminate();
  await looks.return(null);
  return look.done === true ? null : look.value.warning;
}

test('a run without a worker is followed with a warning', async () => {
  expect(await firstWarning()).toContain('no worker on task queue');
});

test('a worker of the same process that is on its way causes no warning', async () => {
  expect(await firstWarning(new Promise(() => undefined))).toBeNull();
});
