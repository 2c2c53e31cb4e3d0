import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { rowmill, type Ended } from '../cli/command.ts';
import { startWorkerProcess, workerEnv } from './worker-process.ts';

let testEnv: TestEnv;
let folder: string;
beforeEach(async () => {
  testEnv = await startTestEnv();
  folder = await mkdtemp(join(tmpdir(), 'rowmill-worker-start-'));
});
afterEach(async () => {
  await testEnv.close();
  await rm(folder, { recursive: true, force: true });
});

const refused = (env: Record<string, string>, code: number): Promise<Ended> =>
  rowmill(['worker'], { cwd: folder, env: { ...workerEnv(testEnv), ...env } }).endsWith(code);

test('a rate that is no number ends the worker at its start', async () => {
  const { stderr } = await refused({ ROWMILL_REQUESTS_PER_SECOND: 'ten' }, 2);
  expect(stderr).toContain('ROWMILL_REQUESTS_PER_SECOND is not a number above 0 and up to 1000');
});

test('a store that cannot be written ends the worker at its start', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  const { stderr } = await refused({ ROWMILL_STORE: join(file, 'store') }, 1);
  expect(stderr).toContain('error[store_unwritable]');
  expect(stderr).not.toContain('"worker started"');
});

test.each([
  ['http://127.0.0.1:7233', '→ Give host:port: 127.0.0.1:7233.'],
  [':::', '→ Give host:port, such as localhost:7233.'],
])('the address %s is refused with what it should be', async (address, remedy) => {
  const { stderr } = await refused({ TEMPORAL_ADDRESS: address }, 2);
  expect(stderr).toContain(`error[usage] TEMPORAL_ADDRESS: "${address}" is no Temporal address`);
  expect(stderr).toContain(remedy);
});

test('a namespace that does not exist is named by every command', async () => {
  const env = { ...workerEnv(testEnv), TEMPORAL_NAMESPACE: 'nowhere' };
  for (const args of [['list'], ['status', 'any'], ['cancel', 'any'], ['schedule', 'list']]) {
    const { stderr } = await rowmill(args, { cwd: folder, env }).endsWith(1);
    expect(stderr).toContain('there is no such namespace');
    expect(stderr).toContain('Set TEMPORAL_NAMESPACE to one that exists');
  }
});

/** A thread that waits in open(2) is what a disk that does not answer leaves behind. */
test('a worker with a stalled disk still ends after SIGTERM', async () => {
  const pipe = join(folder, 'nobody-writes');
  execFileSync('mkfifo', [pipe]);
  const preload = join(folder, 'hang.mjs');
  await writeFile(
    preload,
    `import { open } from 'node:fs'; open(${JSON.stringify(pipe)}, 'r', () => undefined);`,
  );
  const worker = await startWorkerProcess(testEnv, {
    NODE_OPTIONS: `--import ${pathToFileURL(preload).href}`,
    ROWMILL_SHUTDOWN_FORCE: '1s',
  });
  worker.child.kill('SIGTERM');
  await worker.endsWith(null);
  expect(worker.child.signalCode).toBe('SIGKILL');
});
