import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Rowmill } from '../../src/client/rowmill.ts';
import type { Store } from '../../src/store/store.ts';
import { pipelineText, COMPANIES, rowmill as command, workplace } from '../cli/command.ts';
import { openGateway, pipelineOf as gatewayPipelineOf } from '../gateway/caller.ts';
import { diskStore, s3Store } from '../store/stores.ts';
import { companies } from '../support/providers/cases.ts';
import { ROOT_KEY, startS3Server, type S3Server } from '../support/s3-server.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { pipelineOf } from './backend.ts';

let server: S3Server;
beforeAll(async () => (server = await startS3Server()));
afterAll(() => server.stop());

const atHost = (store: Store): string => `${store.location} on ${hostname()}`;
const atServer = (store: Store): string => `${store.location} at ${server.url}`;

const pairs = {
  'two folders': () => ({
    client: diskStore().store,
    worker: diskStore().store,
    ways: (client: Store, worker: Store) =>
      `Set ROWMILL_STORE=${client.location} for the worker, or ROWMILL_STORE=${worker.location} for the client`,
  }),
  'a folder of the client, a bucket of the worker': () => ({
    client: diskStore().store,
    worker: s3Store(server).store,
    ways: (_client: Store, worker: Store) =>
      `Set ROWMILL_STORE=${worker.location} for the client (in code: \`store\`); then`,
  }),
  'a bucket of the client, a folder of the worker': () => ({
    client: s3Store(server).store,
    worker: diskStore().store,
    ways: (client: Store) => `Set ROWMILL_STORE=${client.location} for the worker; then`,
  }),
  'two prefixes of a bucket': () => ({
    client: s3Store(server).store,
    worker: s3Store(server).store,
    ways: (client: Store, worker: Store) =>
      `Set ROWMILL_STORE=${client.location} for the worker, or ROWMILL_STORE=${worker.location} for the client`,
  }),
};

/** Too many rows for the start request. */
const manyRows = {
  inline: companies(150).map((row) => ({ ...row, note: 'x'.repeat(600) })),
  key: 'Symbol',
  map: { input: 'Security' },
};

const nothingAsked = ({ sandbox }: TestEnv): void =>
  expect(sandbox.ledger.summary().requests.total).toBe(0);

test.each(Object.entries(pairs))(
  '%s: different stores are reported before anything is paid',
  async (_name, stores) => {
    const { client, worker, ways } = stores();
    const shown = (store: Store) =>
      store.location.startsWith('s3://') ? atServer(store) : atHost(store);
    const testEnv = await startTestEnv({ deps: { store: worker } });
    const library = await Rowmill.connect({
      client: testEnv.client,
      store: client,
      taskQueue: testEnv.taskQueue,
    });
    try {
      const run = await library.start({ pipeline: pipelineOf(testEnv, { rows: manyRows }) });
      const error: unknown = await run.wait().catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'store_unreadable',
        where: `run ${run.id}`,
        what: expect.stringContaining(`the store of this worker, ${shown(worker)}; `),
        remedy: expect.stringContaining(ways(client, worker)),
      });
      expect(error).toMatchObject({
        what: expect.stringContaining(`the client has ${shown(client)}`),
        remedy: expect.stringContaining('Nothing was paid.'),
      });
      nothingAsked(testEnv);
    } finally {
      await testEnv.close();
    }
  },
);

test('a command prints both stores', async () => {
  const worker = s3Store(server).store;
  const testEnv = await startTestEnv({ deps: { store: worker } });
  const place = await workplace(testEnv);
  try {
    await writeFile(join(place.cwd, 'pipeline.json'), pipelineText());
    await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
    const store = join(place.cwd, 'own-store');
    const env = { ...place.env, ...ROOT_KEY, ROWMILL_STORE: store };
    const { code, stderr } = await command(['run', 'pipeline.json'], {
      cwd: place.cwd,
      env,
    }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('error[store_unreadable]');
    expect(stderr).toContain(`${worker.location} at ${server.url}`);
    expect(stderr).toContain(`the client has ${store} on ${hostname()}`);
    expect(stderr).toContain(`→ Set ROWMILL_STORE=${worker.location} for the client`);
    nothingAsked(testEnv);
  } finally {
    await place.remove();
    await testEnv.close();
  }
});

test('a gateway reports different stores without the paths of its host', async () => {
  const worker = s3Store(server).store;
  const client = diskStore().store;
  const testEnv = await startTestEnv({ deps: { store: worker } });
  const caller = await openGateway(testEnv, { ROWMILL_STORE: client.location });
  try {
    const pipeline = gatewayPipelineOf({ rows: manyRows });
    const started = await caller.start(`stores/${testEnv.taskQueue}`, { pipeline });
    expect(started.status).toBe(201);
    const { text } = await caller.ended(String(started.json['id']));
    expect(text).toContain(`${worker.location} at ${server.url}; the client has store on`);
    expect(text).not.toContain(client.location);
    nothingAsked(testEnv);
  } finally {
    await caller.gateway.stop('the test is over');
    await testEnv.close();
  }
});

test('a rerun names both stores where the worker has another one than the run before', async () => {
  const deps = { store: diskStore().store };
  const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 }, deps });
  const { client, taskQueue } = testEnv;
  const { store } = deps;
  const rowmill = await Rowmill.connect({ client, store, taskQueue });
  try {
    const run = await rowmill.start({ pipeline: pipelineOf(testEnv) });
    await run.wait();
    deps.store = diskStore().store;
    await testEnv.restartWorker();
    const again = await run.rerun();
    await expect(again.wait()).rejects.toMatchObject({
      code: 'store_unreadable',
      what: `the rows of run ${run.id} are not in the store of this worker, ${atHost(deps.store)}; the client has ${atHost(store)}`,
    });
  } finally {
    await testEnv.close();
  }
});
