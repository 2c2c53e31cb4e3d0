import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunSummary } from '../../src/contract/run.ts';
import {
  applySchedule,
  backfillSchedule,
  deleteSchedule,
  describeSchedule,
  triggerSchedule,
} from '../../src/client/schedules/index.ts';
import { expireHistory } from '../support/expire-history.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { scheduledFile } from '../support/scheduled-file.ts';
import { eventually } from '../support/eventually.ts';

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

const tables = (): number => testEnv.sandbox.ledger.summary().tablesCreated;

/** Ends the runs and removes them from Temporal, as if their retention were over. */
async function endAndForget(...workflowIds: string[]): Promise<void> {
  for (const workflowId of workflowIds) {
    const summary: unknown = await testEnv.client.workflow.getHandle(workflowId).result();
    expect((summary as RunSummary).outcome).toBe('completed');
  }
  await expireHistory(testEnv.client, ...workflowIds);
}

const THREE_NIGHTS = {
  from: new Date('2026-01-05T00:00:00Z'),
  to: new Date('2026-01-07T12:00:00Z'),
};

test.each(['1ms', '6h'])(
  'a backfill does not repeat expired nights (jitter %s)',
  async (jitter) => {
    const { client, store, folder, taskQueue } = testEnv;
    const schedule = { at: '02:30', timezone: 'UTC', jitter };
    const loaded = scheduledFile(folder, `nights-${jitter}`, { schedule });
    const { name } = loaded.pipeline;
    await applySchedule(client, loaded, { taskQueue, searchAttributes: true });
    const { due } = await backfillSchedule(client, name, THREE_NIGHTS, store);
    const ids = ['05', '06', '07'].map((day) => `${name}-2026-01-${day}T02:30:00Z`);
    await eventually('all have begun', async () => {
      return (await describeSchedule(client, name)).started === 3;
    });
    await endAndForget(...ids);
    // A schedule remembers its newest runs; one that is made anew remembers none.
    await deleteSchedule(client, name);
    await applySchedule(client, loaded, { taskQueue, searchAttributes: true });
    const before = tables();
    const plan = await backfillSchedule(client, name, THREE_NIGHTS, store);
    const existing = ids.map((workflowId, night) => ({ dueAt: due[night], workflowId }));
    expect(plan).toEqual({ due: [], existing });
    expect(tables()).toBe(before);
    await deleteSchedule(client, name);
  },
);

test('the key of a trigger whose run has expired is not paid for again', async () => {
  const { client, store, folder, taskQueue } = testEnv;
  const loaded = scheduledFile(folder, 'key', {});
  const { name } = loaded.pipeline;
  await applySchedule(client, loaded, { taskQueue, searchAttributes: true });
  const trigger = () => triggerSchedule(client, name, { key: 'monday' }, store);
  const { workflowId } = await trigger();
  await endAndForget(workflowId);
  await expect(trigger()).rejects.toMatchObject({
    code: 'run_conflict',
    where: `run ${workflowId}`,
  });
  await deleteSchedule(client, name);
});
