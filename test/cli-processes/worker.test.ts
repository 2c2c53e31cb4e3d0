import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { failOrphanedSteps } from '../../src/worker/orphaned-steps.ts';
import { rowmill } from '../cli/command.ts';
import { manualClock } from '../support/manual-clock.ts';
import { startTestEnv, TOKEN, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import {
  pendingStep,
  queueOf,
  startRunOn,
  startWorkerProcess,
  untilItWaits,
  workerEnv,
  type WorkerProcess,
} from './worker-process.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const open = async (sandbox: Parameters<typeof startTestEnv>[0] = {}): Promise<TestEnv> => {
  const testEnv = await startTestEnv(sandbox);
  cleanUp.push(() => testEnv.close());
  return testEnv;
};
const start = async (...args: Parameters<typeof startWorkerProcess>): Promise<WorkerProcess> => {
  const worker = await startWorkerProcess(...args);
  cleanUp.push(() => worker.child.kill('SIGKILL'));
  return worker;
};
const readiness = async (worker: WorkerProcess) => {
  const reply = await fetch(`${worker.healthUrl}/ready`);
  // The worker's own report.
  return { status: reply.status, ...((await reply.json()) as { checks: Record<string, string> }) };
};

/** Cells take days by the API's clock, until it is put forward. */
const slow = () => {
  const clock = manualClock();
  const cellMs = { min: 7 * DAY_MS, max: 7 * DAY_MS };
  const sandbox = { realMs: clock.realMs, cellMs, failRate: 0, alwaysFailsRate: 0 };
  return { sandbox, release: () => clock.resume(DAY_MS) };
};
const DAY_MS = 86_400_000;

test('a worker that drains leaves its wait to the next worker', async () => {
  const { sandbox, release } = slow();
  const testEnv = await open({ sandbox });
  const first = await start(testEnv);
  expect(await readiness(first)).toMatchObject({ status: 200 });
  const handle = await startRunOn(testEnv, 'drained');
  await untilItWaits(handle, testEnv);
  const metrics = await (await fetch(`${first.healthUrl}/metrics`)).text();

  first.child.kill('SIGTERM');
  const ended = await first.endsWith(0);
  expect(first.log().map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(['worker drains: asked to stop', 'worker stopped']),
  );
  expect((await handle.describe()).status.name).toBe('RUNNING');

  await start(testEnv);
  release();
  expect(await handle.result()).toMatchObject({ outcome: 'completed', cells: { done: 2 } });
  expect(testEnv.sandbox.ledger.summary()).toMatchObject({ tablesCreated: 1, cellsPaid: 2 });

  expect(metrics).toMatch(
    /^rowmill_api_requests_total\{provider="extruct",route="POST [^}]*\} 1$/m,
  );
  expect(metrics).toMatch(/^temporal_\w*poll\w*\{/m);
  expect(metrics + ended.stderr + ended.stdout).not.toContain(TOKEN);
});

test('the next worker on this machine retries the wait of a killed one at once', async () => {
  const { sandbox, release } = slow();
  const testEnv = await open({ sandbox });
  const first = await start(testEnv);
  const handle = await startRunOn(testEnv, 'killed');
  await untilItWaits(handle, testEnv);
  await failOrphanedSteps(testEnv.client, queueOf(testEnv));
  expect((await pendingStep(handle)).attempt).toBe(1);

  first.child.kill('SIGKILL');
  await first.ended;
  const next = await start(testEnv);
  await eventually('it looks for steps of the killed one', () =>
    next.log().some(({ msg }) => msg === 'steps of a killed worker go on: 1'),
  );
  expect((await pendingStep(handle)).attempt).toBe(2);
  release();
  expect(await handle.result()).toMatchObject({ outcome: 'completed', cells: { done: 2 } });
  expect(testEnv.sandbox.ledger.summary()).toMatchObject({ tablesCreated: 1, cellsPaid: 2 });
});

test('a worker without a store is alive but not ready', async () => {
  const testEnv = await open();
  const worker = await start(testEnv);
  expect((await readiness(worker)).checks).toMatchObject({ store: 'ok', temporal: 'ok' });
  await rm(testEnv.store.location, { recursive: true });
  await writeFile(testEnv.store.location, 'a file where the folder was');
  await eventually('it is not ready', async () => (await readiness(worker)).status === 503);
  expect((await readiness(worker)).checks['store']).toContain(testEnv.store.location);
  expect((await fetch(`${worker.healthUrl}/live`)).status).toBe(200);
});

test('runs fail with token_missing on a worker without that token', async () => {
  const testEnv = await open();
  const worker = await start(testEnv, { EXTRUCT_API_TOKEN: '' });
  expect(worker.log()).toContainEqual(
    expect.objectContaining({
      code: 'token_missing',
      level: 40,
      msg: expect.stringContaining('EXTRUCT_API_TOKEN'),
    }),
  );
  const handle = await startRunOn(testEnv, 'no-token');
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'token_missing' },
  });
});

test('a second provider without a token is no warning', async () => {
  const worker = await start(await open(), {});
  const said = worker.log().filter(({ code }) => code === 'token_missing');
  expect(said).toEqual([
    expect.objectContaining({
      level: 30,
      msg: expect.stringContaining('PROMPTLAYER_API_KEY is not set'),
    }),
  ]);
});

test('a worker that cannot start ends with an error code', async () => {
  const testEnv = await open();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  cleanUp.push(() => taken.close());
  const { port } = taken.address() as AddressInfo; // a TCP server has this kind of address
  const worker = (env: Record<string, string>) =>
    rowmill(['worker'], { cwd: testEnv.folder, env: { ...workerEnv(testEnv), ...env } }).ended;
  const [noServer, noNamespace, noPort] = await Promise.all([
    worker({ TEMPORAL_ADDRESS: '127.0.0.1:1' }),
    worker({ TEMPORAL_NAMESPACE: 'nowhere' }),
    worker({ ROWMILL_HEALTH_PORT: String(port) }),
  ]);
  expect(noServer.code).toBe(1);
  expect(noServer.stderr).toContain('error[temporal_unreachable] 127.0.0.1:1');
  expect(noNamespace.code).toBe(1);
  expect(noNamespace.stderr).toContain('error[temporal_unreachable] namespace nowhere');
  expect(noPort.code).toBe(2);
  expect(noPort.stderr).toContain(`error[port_in_use] 127.0.0.1: port ${port}`);
});

test('the doctor shows that two worker processes share the limit of a token', async () => {
  const limit = 20;
  const runs = 6;
  const env = { ROWMILL_REQUESTS_PER_SECOND: String(limit) };
  const testEnv = await open({ sandbox: { failRate: 0, alwaysFailsRate: 0, concurrency: 10_000 } });
  const workers = await Promise.all([start(testEnv, env), start(testEnv, env)]);
  const startedAtMs = performance.now();
  const handles = await Promise.all(
    Array.from({ length: runs }, (_, nth) => startRunOn(testEnv, `shared-${nth}`, 1_000)),
  );
  const both = expect.objectContaining({ msg: '2 workers share the pace of extruct' });
  for (const worker of workers) {
    await eventually('it knows of the other', () =>
      worker.log().some((line) => both.asymmetricMatch(line)),
    );
  }
  const doctor = await rowmill(['doctor'], {
    cwd: testEnv.folder,
    env: { ...workerEnv(testEnv), ...env },
  }).ended;
  expect(doctor.stdout).toMatch(
    /^ok +extruct pace +at most 20 requests a second, now [\d.]+ a second, shared by 2 workers$/m,
  );
  for (const handle of handles) expect((await handle.result()).outcome).toBe('completed');
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const { requests } = testEnv.sandbox.ledger.summary();
  expect(requests.total).toBeLessThanOrEqual(limit * (seconds + 1));
});
