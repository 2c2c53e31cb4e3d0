import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireSchedule } from '../../src/client/schedules/describe.ts';
import { listMissedNights } from '../../src/client/schedules/missed-nights.ts';
import { notifyMissedNights } from '../../src/client/schedules/notify-missed-nights.ts';
import {
  applySchedule,
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
} from '../../src/client/schedules/index.ts';
import { missedNightId } from '../../src/contract/missed-night.ts';
import type { NightMissed } from '../../src/contract/notifications.ts';
import { eventually } from '../support/eventually.ts';
import { scheduledFile } from '../support/scheduled-file.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Time of the nights: about 12 hours away, so that none is due while the tests run. */
const nightHour = (new Date().getUTCHours() + 12) % 24;
/** Time of the newest of such nights. */
const lastNightMs = Math.floor(Date.now() / DAY_MS - nightHour / 24) * DAY_MS + nightHour * HOUR_MS;
const nightAt = (day: number): string => new Date(lastNightMs + day * DAY_MS).toISOString();
/** An hour before the night of that day. */
const after = (days: number): number => lastNightMs + days * DAY_MS - HOUR_MS;

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

let testEnv: TestEnv;
let server: Server;
let url: string;
let received: NightMissed[] = [];
let name = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      // Sent by the workflow under test, which the assertions check.
      received.push(JSON.parse(text) as NightMissed);
      response.writeHead(request.url === '/gone' ? 410 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0 },
    webhookEnv: {
      ROWMILL_WEBHOOK_SECRET: SECRET,
      ROWMILL_WEBHOOK_SECRET_ORIGINS: url,
      ROWMILL_WEBHOOK_ALLOW_PRIVATE: '1',
    },
  });
});
afterEach(async () => {
  received = [];
  await deleteSchedule(testEnv.client, name).catch(() => undefined);
});
afterAll(async () => {
  await testEnv.close();
  await new Promise((resolve) => server.close(resolve));
});

async function apply(word: string, changes: Record<string, unknown> = {}): Promise<void> {
  const { client, folder, taskQueue } = testEnv;
  const notify = [{ url, on: ['missed-night'] }];
  const schedule = { at: `${String(nightHour).padStart(2, '0')}:00`, timezone: 'UTC' };
  const loaded = scheduledFile(folder, word, { notify, schedule, ...changes });
  name = loaded.pipeline.name;
  await applySchedule(client, loaded, { taskQueue, searchAttributes: true });
  await eventually('the server lists the schedule', async () => {
    for await (const { scheduleId } of client.schedule.list()) {
      if (scheduleId === name) return true;
    }
    return false;
  });
}

/** Checks for missed nights as a worker does after so many days, whose nights have no run. */
const lookAfter = (days: number, lateMs?: number): Promise<string[]> =>
  notifyMissedNights(testEnv.client, testEnv.store, {
    taskQueue: testEnv.taskQueue,
    nowMs: after(days),
    ...(lateMs === undefined ? {} : { lateMs }),
  });

test('one message reports a night without a run', async () => {
  await apply('missed');
  const nights = [missedNightId(name, nightAt(1)), missedNightId(name, nightAt(2))];
  const looks = await Promise.all([lookAfter(3), lookAfter(3)]);
  expect(looks.flat().sort()).toEqual(nights);
  expect(await lookAfter(3)).toEqual([]);
  await eventually('both nights are notified of', () => received.length === 2);
  expect(received.map(({ data }) => data.dueAt).sort()).toEqual([nightAt(1), nightAt(2)]);
  expect(received[0]).toMatchObject({
    type: 'schedule.missed-night',
    data: {
      schedule: name,
      why: 'not started',
      workflowId: null,
      command: expect.stringContaining(`rowmill schedule backfill ${name} --from `) as unknown,
    },
  });
  expect(await lookAfter(4)).toEqual([missedNightId(name, nightAt(3))]);
  await eventually('the third, too', () => received.length === 3);
});

test('nights that were not due are not missed', async () => {
  await apply('paused');
  await pauseSchedule(testEnv.client, name, 'the source moves');
  expect(await lookAfter(3)).toEqual([]);
  await resumeSchedule(testEnv.client, name);
  expect(await lookAfter(3)).toEqual([]);
  expect(await lookAfter(4)).toEqual([missedNightId(name, nightAt(3))]);
  await eventually('it is notified of', () => received.length === 1);
  await deleteSchedule(testEnv.client, name);
  await apply('silent', { notify: [{ url, on: ['failed'] }] });
  expect(await lookAfter(9)).toEqual([]);
});

const listedAfter = async (days: number) => {
  const { client, store } = testEnv;
  const nights = await listMissedNights(
    client,
    store,
    await requireSchedule(client, name),
    after(days),
  );
  return nights.map(({ dueAt, why }) => [dueAt, why]);
};

test('missed nights are listed, noticed by a worker or not, until they are made up for', async () => {
  await apply('listed', { notify: [{ url, on: ['failed'] }] });
  expect(await listedAfter(3)).toEqual([1, 2].map((day) => [nightAt(day), 'not started']));
  expect(await lookAfter(2)).toEqual([]);
  await pauseSchedule(testEnv.client, name, 'the source moves');
  await lookAfter(4);
  await resumeSchedule(testEnv.client, name);
  expect(await listedAfter(6)).toEqual([1, 4, 5].map((day) => [nightAt(day), 'not started']));

  const workflowId = `${name}-${nightAt(4).replace('.000Z', 'Z')}`;
  const { client, taskQueue } = testEnv;
  await client.workflow.start('enrichTable', { workflowId, taskQueue, args: [{}] });
  await eventually('the night that was made up for is left out', async () => {
    return (await listedAfter(6)).length === 2;
  });
});

test('a night whose run waited for a worker is late, with the run', async () => {
  await apply('late');
  const workflowId = `${name}-${nightAt(1).replace('.000Z', 'Z')}`;
  const { client, taskQueue } = testEnv;
  await testEnv.worker.stop();
  // What the schedule does at the time. The input is refused, which takes a worker.
  await client.workflow.start('enrichTable', { workflowId, taskQueue, args: [{}] });
  const isListed = async (): Promise<boolean> => {
    const query = `WorkflowId = '${workflowId}'`;
    for await (const run of client.workflow.list({ query })) return run.workflowId === workflowId;
    return false;
  };
  await eventually('the run is listed', isListed);
  expect(await lookAfter(2, 0)).toEqual([]);
  await testEnv.restartWorker();
  await expect(client.workflow.getHandle(workflowId).result()).rejects.toThrow();
  expect(await lookAfter(2, 0)).toEqual([missedNightId(name, nightAt(1))]);
  await eventually('it is notified of', () => received.length === 1);
  expect(received[0]?.data).toMatchObject({
    why: 'late',
    workflowId,
    command: `rowmill status ${workflowId}`,
  });
});

test('a message about a night that is not delivered fails its workflow, with the reason', async () => {
  await apply('undelivered', { notify: [{ url: `${url}/gone`, on: ['missed-night'] }] });
  const [workflowId = ''] = await lookAfter(2);
  await expect(testEnv.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/not delivered to .*\/gone: .*410/) as unknown },
  });
});
