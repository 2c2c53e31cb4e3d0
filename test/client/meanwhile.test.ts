import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { cancelRun } from '../../src/client/runs/cancel.ts';
import { Rowmill } from '../../src/client/rowmill.ts';
import { startWork, type StartedRun } from '../../src/client/runs/start.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { beforeRequest } from '../support/before-request.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineOf, ROWS } from './backend.ts';

const { ResetWorkflowExecutionRequest } = proto.temporal.api.workflowservice.v1;

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

/** Runs that wait for an approval until a test is over. */
const waiting = new Set<string>();
afterEach(async () => {
  for (const id of waiting) {
    await testEnv.client.workflow
      .getHandle(id)
      .terminate('the test is over')
      .catch(() => undefined);
  }
  waiting.clear();
});

let works = 0;
const nameOf = (word: string): string => `${word}-${process.pid}-${Date.now()}-${(works += 1)}`;

/** A run that several clients may start. */
async function workOf(name: string, digest = 'a') {
  const input = await pipelineInputFor(testEnv, ROWS, { name, spend: { approveAbove: 0 } });
  const rows = { digest: `sha256:${digest.repeat(64)}`, rows: 2, bytes: 100 };
  const { taskQueue } = testEnv;
  const now = new Date('2026-01-31T02:30:04Z');
  return async (client: Client, options: object = {}): Promise<StartedRun> => {
    const work = { input, rows, taskQueue, searchAttributes: true, now };
    const started = await startWork(client, { ...work, ...options });
    waiting.add(started.workflowId);
    return started;
  };
}

const stageOf = async (workflowId: string): Promise<string | undefined> => {
  const { stage } = await testEnv.client.workflow
    .getHandle(workflowId)
    .query<{ stage: string }>('progress');
  return stage;
};
const untilItWaits = (workflowId: string): Promise<void> =>
  eventually('it waits', async () => (await stageOf(workflowId)) === 'waiting for approval');

const cancelled = async (workflowId: string): Promise<void> => {
  await cancelRun(testEnv.client, workflowId);
  await testEnv.client.workflow.getHandle(workflowId).result();
};

test('the same work started twice in the same moment is one run', async () => {
  const start = await workOf(nameOf('once'));
  let first: StartedRun | undefined;
  const client = beforeRequest(testEnv.client, 'startWorkflowExecution', async () => {
    first = await start(testEnv.client, { now: new Date('2026-01-31T02:30:03Z') });
  });
  const second = await start(client);
  expect(second).toEqual({ ...first, attached: true });
});

test('a start finds the same work before the server lists it', async () => {
  const start = await workOf(nameOf('young'));
  let first: StartedRun | undefined;
  // The list has been asked for; it looks for the run itself.
  const client = beforeRequest(testEnv.client, 'describeWorkflowExecution', async () => {
    first = await start(testEnv.client, { now: new Date('2026-01-31T02:30:09Z') });
  });
  const second = await start(client, { now: new Date('2026-01-31T02:30:11Z') });
  expect(second).toEqual({ ...first, attached: true });
});

test.each([
  ['other work', 'b', {}],
  ['the same work that is to be new', 'a', { fresh: true }],
])('%s gets a run of its own in the same moment', async (_, digest, options) => {
  const name = nameOf('both');
  const start = await workOf(name, digest);
  let first: StartedRun | undefined;
  const client = beforeRequest(testEnv.client, 'startWorkflowExecution', async () => {
    first = await (await workOf(name, 'a'))(testEnv.client);
  });
  const second = await start(client, options);
  expect([first?.attached, second.attached]).toEqual([false, false]);
  expect(second.workflowId).not.toBe(first?.workflowId);
});

test('a run that was to be new is found in the same moment, like any other', async () => {
  const start = await workOf(nameOf('fresh'));
  let first: StartedRun | undefined;
  const client = beforeRequest(testEnv.client, 'startWorkflowExecution', async () => {
    first = await start(testEnv.client, { fresh: true });
  });
  expect(await start(client)).toEqual({ ...first, attached: true });
});

test('an unfinished run is found under whatever id it was given', async () => {
  const start = await workOf(nameOf('named'));
  const first = await start(testEnv.client, { workflowId: nameOf('other') });
  await eventually('it is listed', async () => {
    const query = `WorkflowId = '${first.workflowId}'`;
    return !(await testEnv.client.workflow.list({ query })[Symbol.asyncIterator]().next()).done;
  });
  expect(await start(testEnv.client)).toEqual({ ...first, attached: true });
});

test('two concurrent starts continue a cancelled run once', async () => {
  const workflowId = nameOf('again');
  const start = await workOf(nameOf('cancelled'));
  await start(testEnv.client, { workflowId });
  await cancelled(workflowId);
  let first: StartedRun | undefined;
  // It has seen the run that was cancelled, and asks how it ended.
  const client = beforeRequest(testEnv.client, 'getWorkflowExecutionHistory', async () => {
    first = await start(testEnv.client, { workflowId });
  });
  const second = await start(client, { workflowId });
  expect(first?.attached).toBe(false);
  expect(second).toEqual({ ...first, attached: true });
});

test('a cancel reaches a run that goes on in a new one in the same moment', async () => {
  const { workflowId } = await (await workOf(nameOf('goes-on')))(testEnv.client);
  await untilItWaits(workflowId);
  const { events } = await testEnv.client.workflow.getHandle(workflowId).fetchHistory();
  const done = events?.find((event) => event.workflowTaskCompletedEventAttributes != null);
  // As when its history has grown too long; an operator can do it at any time.
  const reset = ResetWorkflowExecutionRequest.fromObject({
    namespace: testEnv.client.options.namespace,
    workflowExecution: { workflowId },
    reason: 'by the test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: done?.eventId,
  });
  const client = beforeRequest(testEnv.client, 'requestCancelWorkflowExecution', () =>
    testEnv.client.workflowService.resetWorkflowExecution(reset),
  );
  await cancelRun(client, workflowId);
  await eventually('it has ended', async () => {
    const { status } = await testEnv.client.workflow.getHandle(workflowId).describe();
    return status.name !== 'RUNNING';
  });
  const summary: unknown = await testEnv.client.workflow.getHandle(workflowId).result();
  expect(summary).toMatchObject({ outcome: 'cancelled' });
});

test('an approval that comes before the run waits for it is not lost', async () => {
  const rowmill = await Rowmill.connect({ ...testEnv, env: {} });
  const name = nameOf('early');
  const pipeline = pipelineOf(testEnv, { name, spend: { approveAbove: 0 } });
  const first = await rowmill.start({ pipeline });
  const second = await rowmill.start({ pipeline, id: first.id, approve: true });
  expect(second).toMatchObject({ id: first.id, attached: true });
  await second.wait();
});
