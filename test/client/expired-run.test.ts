import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StartOptions } from '../../src/client/index.ts';
import { startWork } from '../../src/client/runs/start.ts';
import { expireHistory } from '../support/expire-history.ts';
import { pipelineInputFor } from '../support/test-env.ts';
import { openBackend, pipelineOf, ROWS, type Backend } from './backend.ts';

type Called = Pick<StartOptions, 'key' | 'id' | 'approve'>;

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend();
  await endAndForget();
});
afterAll(() => backend.close());

const nameOf = (word: string): string => `${word}-${backend.testEnv.taskQueue}`;
const tables = (): number => backend.testEnv.sandbox.ledger.summary().tablesCreated;

const start = (called: Called, spend = {}) =>
  backend.rowmill.start({ pipeline: pipelineOf(backend.testEnv, { spend }), ...called });

/** Asks before anything is made. */
const CAUTIOUS = { approveAbove: 0 };

/** All at once: the server takes half a minute to forget. */
async function endAndForget(): Promise<void> {
  const done = await Promise.all([
    start({ key: nameOf('key') }),
    start({ id: nameOf('id') }),
    start({ id: nameOf('new') }),
  ]);
  const cancelled = await Promise.all([
    start({ key: nameOf('cancelled-key') }, CAUTIOUS),
    start({ id: nameOf('cancelled-id') }, CAUTIOUS),
  ]);
  await cancelBeforeFirstStep('cancelled-at-once');
  for (const run of cancelled) await run.cancel();
  for (const run of done) expect(await run.wait()).toMatchObject({ outcome: 'completed' });
  for (const run of cancelled) expect(await run.wait()).toMatchObject({ outcome: 'cancelled' });
  const ids = [...done, ...cancelled].map(({ id }) => id);
  await expireHistory(backend.testEnv.client, ...ids, nameOf('cancelled-at-once'));
}

/** The delay keeps the workers from the run until its cancel has arrived. */
async function cancelBeforeFirstStep(word: string): Promise<void> {
  const { client, taskQueue } = backend.testEnv;
  const handle = await client.workflow.start('enrichTable', {
    workflowId: nameOf(word),
    taskQueue,
    args: [await pipelineInputFor(backend.testEnv, ROWS)],
    startDelay: '1h',
  });
  await handle.cancel();
  await handle.signal('begin');
  expect(await handle.result()).toMatchObject({ outcome: 'cancelled', rows: 0 });
}

test.each([
  ['key', 'Another key starts'],
  ['id', 'Another --id, or --new, starts'],
])('the %s of an expired run is not paid for again', async (kind, remedy) => {
  const before = tables();
  await expect(start({ [kind]: nameOf(kind) })).rejects.toMatchObject({
    code: 'run_conflict',
    where: `run ${nameOf(kind)}`,
    remedy: expect.stringContaining(remedy) as unknown,
  });
  expect(tables()).toBe(before);
});

test('its id is reused for a new run on request', async () => {
  const { client, taskQueue, store } = backend.testEnv;
  const started = await startWork(client, {
    input: await pipelineInputFor(backend.testEnv, ROWS),
    rows: { digest: `sha256:${'a'.repeat(64)}`, rows: 2, bytes: 100 },
    taskQueue,
    store,
    fresh: true,
    searchAttributes: true,
    workflowId: nameOf('new'),
  });
  expect(started).toMatchObject({ workflowId: nameOf('new'), attached: false });
  await client.workflow.getHandle(nameOf('new')).result();
});

test('an expired cancelled run restarts only by its id', async () => {
  const byKey = start({ key: nameOf('cancelled-key'), approve: true }, CAUTIOUS);
  await expect(byKey).rejects.toMatchObject({ code: 'run_conflict' });
  const byId = await start({ id: nameOf('cancelled-id'), approve: true }, CAUTIOUS);
  expect(await byId.wait()).toMatchObject({ outcome: 'completed' });
});

test('an expired run cancelled before its rows were prepared stays cancelled by its key', async () => {
  const key = nameOf('cancelled-at-once');
  await expect(start({ key })).rejects.toMatchObject({ code: 'run_conflict' });
  await expect(backend.rowmill.rerun(key)).rejects.toMatchObject({
    code: 'action_refused',
    message: expect.stringContaining('before it had a table') as unknown,
  });
});
