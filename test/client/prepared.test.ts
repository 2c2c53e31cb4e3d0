import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { Rowmill, RowmillRun } from '../../src/client/index.ts';
import { openBackend, pipelineOf, type Backend } from './backend.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend();
});
afterAll(() => backend.close());

/** A pipeline whose runs wait for an approval. */
const waiting = (name: string) => pipelineOf(backend.testEnv, { name, spend: { approveAbove: 0 } });

test('a prepared start attaches to the run in progress', async () => {
  const { testEnv, rowmill } = backend;
  const { store } = testEnv;
  const options = { pipeline: waiting('halves'), stage: true, store, env: {} };
  const prepared = await Rowmill.prepare(options);
  expect(await rowmill.find(prepared)).toBeNull();
  const run = await rowmill.startPrepared(prepared);
  expect(run.attached).toBe(false);
  const again = await Rowmill.prepare(options);
  expect((await rowmill.find(again))?.id).toBe(run.id);
  const attached = await rowmill.startPrepared(again, { approve: true });
  expect(attached).toMatchObject({ id: run.id, attached: true, taskQueue: testEnv.taskQueue });
  expect(await attached.approveOnceAsked()).toBe(true);
  expect(await run.wait()).toMatchObject({ outcome: 'completed' });
  expect(await run.workerAvailability()).toBeNull();
  expect(await rowmill.newest(run.id)).toMatchObject({ id: run.id, isRunning: false });
  const stored = await Rowmill.storedResults(run.id, { store });
  expect(stored?.runId).toBe(run.runId);
});

test('a prepared start that is discarded leaves no rows in the store', async () => {
  const { store } = backend.testEnv;
  const options = { pipeline: waiting('dropped'), stage: true, store, env: {} };
  const prepared = await Rowmill.prepare(options);
  const path = prepared.draft?.path ?? '';
  expect(existsSync(path)).toBe(true);
  await Rowmill.discard(prepared, { store });
  expect(existsSync(path)).toBe(false);
});

test('a start that confirm refuses leaves no rows in the store', async () => {
  const { store } = backend.testEnv;
  let credits = 0;
  const preparing = Rowmill.prepare({
    pipeline: waiting('refused'),
    stage: true,
    store,
    env: {},
    confirm: ({ estimate }) => {
      credits = estimate.credits;
      throw new Error('too much');
    },
  });
  await expect(preparing).rejects.toThrow('too much');
  expect(credits).toBeGreaterThan(0);
});

test('an attached run is followed on the task queue of its own worker', async () => {
  const { testEnv, rowmill } = backend;
  const run = await rowmill.start({ pipeline: waiting('elsewhere') });
  const other = await Rowmill.connect({
    client: testEnv.client,
    store: testEnv.store,
    env: {},
    taskQueue: `nobody-${testEnv.taskQueue}`,
  });
  const attached = await other.attach(run.id);
  for await (const { progress, warning } of attached.progress({ intervalMs: 50 })) {
    expect(warning ?? '').not.toContain('no worker');
    if (progress === null) continue;
    await attached.cancel();
    break;
  }
  expect(await attached.wait()).toMatchObject({ outcome: 'cancelled' });
});

test('a request is checked before any run is asked', () => {
  const check = (): void =>
    RowmillRun.check({ adjust: { deadline: 'soon' } }, (field) => `--${field}`);
  expect(check).toThrow(/--deadline/);
  expect(() => RowmillRun.check({ pause: { reason: 'lunch' } })).not.toThrow();
});
