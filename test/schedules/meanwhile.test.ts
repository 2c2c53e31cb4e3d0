import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LoadedPipeline } from '../../src/spec/index.ts';
import {
  applySchedule,
  deleteSchedule,
  describeSchedule,
  pauseSchedule,
  triggerSchedule,
  type ApplyOptions,
} from '../../src/client/schedules/index.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { beforeRequest } from '../support/before-request.ts';
import { scheduledFile } from '../support/scheduled-file.ts';
import { eventually } from '../support/eventually.ts';

let testEnv: TestEnv;
const names: string[] = [];
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(async () => {
  for (const name of names) await deleteSchedule(testEnv.client, name).catch(() => undefined);
  await testEnv.close();
});

function fileOf(word: string, changes: Record<string, unknown> = {}): LoadedPipeline {
  const loaded = scheduledFile(testEnv.folder, word, changes);
  names.push(loaded.pipeline.name);
  return loaded;
}

const apply = (
  client: TestEnv['client'],
  loaded: LoadedPipeline,
  options: Partial<ApplyOptions> = {},
) =>
  applySchedule(client, loaded, {
    taskQueue: testEnv.taskQueue,
    searchAttributes: true,
    ...options,
  });

test('a pause that comes while the schedule is applied stays', async () => {
  const loaded = fileOf('paused');
  const { name } = loaded.pipeline;
  await apply(testEnv.client, loaded);
  const client = beforeRequest(testEnv.client, 'updateSchedule', () =>
    pauseSchedule(testEnv.client, name, 'the source moves'),
  );
  const later = fileOf('paused', { schedule: { at: '03:30' } });
  expect(await apply(client, later)).toMatchObject({ done: 'updated', changed: ['schedule'] });
  expect(await describeSchedule(testEnv.client, name)).toMatchObject({
    paused: true,
    note: 'the source moves',
    schedule: { times: [{ hour: 3, minute: 30 }] },
  });
});

test('a schedule that is taken over while its owner applies it stays taken over', async () => {
  const loaded = fileOf('taken');
  const { name } = loaded.pipeline;
  await apply(testEnv.client, loaded, { madeFrom: 'sent by billing' });
  const later = fileOf('taken', { schedule: { at: '03:30' } });
  const client = beforeRequest(testEnv.client, 'updateSchedule', () =>
    apply(testEnv.client, loaded, { madeFrom: 'sent by research', replace: true }),
  );
  await expect(apply(client, later, { madeFrom: 'sent by billing' })).rejects.toMatchObject({
    code: 'schedule_conflict',
  });
  expect(await describeSchedule(testEnv.client, name)).toMatchObject({ file: 'sent by research' });
});

test('a pause is not lost among concurrent requests', async () => {
  const loaded = fileOf('moment');
  const { name } = loaded.pipeline;
  await apply(testEnv.client, loaded);
  const { workflowService, options } = testEnv.client;
  const request = (): Promise<unknown> =>
    workflowService.patchSchedule({
      namespace: options.namespace,
      scheduleId: name,
      requestId: randomUUID(),
      patch: {},
    });
  const requests: Promise<unknown>[] = [];
  const send = (): void => void requests.push(...Array.from({ length: 10 }, request));
  const client = beforeRequest(testEnv.client, 'patchSchedule', () => {
    // Some before it, which the scheduler is busy with, and some right behind it.
    send();
    setImmediate(send);
    return Promise.resolve();
  });
  await pauseSchedule(client, name, 'now');
  expect(await describeSchedule(testEnv.client, name)).toMatchObject({ paused: true, note: 'now' });
  await Promise.all(requests);
});

test('two concurrent triggers with one key get one run', async () => {
  const { workflow } = testEnv.client;
  // It waits for an approval, and so is in progress as long as it takes.
  const loaded = fileOf('keyed', { spend: { approveAbove: 0 } });
  const { name } = loaded.pipeline;
  await apply(testEnv.client, loaded);
  const workflowId = `${name}:monday`;
  const client = beforeRequest(testEnv.client, 'listWorkflowExecutions', async () => {
    await triggerSchedule(testEnv.client, name, { key: 'monday' });
    await eventually('it is listed', async () => {
      const { running } = await describeSchedule(testEnv.client, name);
      return running.includes(workflowId);
    });
  });
  const run = await triggerSchedule(client, name, { key: 'monday' });
  await workflow.getHandle(workflowId).terminate('the test is over');
  expect(run).toEqual({ workflowId, attached: true });
});
