import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { workerAvailability } from '../../src/temporal/task-queue.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';

let testEnv: TestEnv;
beforeAll(async () => (testEnv = await startTestEnv()));
afterAll(() => testEnv.close());

test('a clock that is ahead takes no live worker for dead', async () => {
  const { client, taskQueue } = testEnv;
  await eventually(
    'the worker polls',
    async () => (await workerAvailability(client, taskQueue)) === 'yes',
  );
  const ahead = Date.now() + 3_600_000;
  expect(await workerAvailability(client, taskQueue, ahead)).toBe('perhaps');
  expect(await workerAvailability(client, taskQueue, Date.now() - 3_600_000)).toBe('yes');
  expect(await workerAvailability(client, `${taskQueue}-nobody`)).toBe('no');
});
