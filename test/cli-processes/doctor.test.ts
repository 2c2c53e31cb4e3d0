import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import { rowmill } from '../cli/command.ts';
import { startTestEnv, TOKEN } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { BUCKET, ROOT_KEY, startS3Server } from '../support/s3-server.ts';
import { openPlace, type Place } from './place.ts';

const SHIFTED_CLOCK = new URL('../chaos/processes/shifted-clock.mjs', import.meta.url).href;

let place: Place;
let sandbox: Sandbox;
beforeAll(async () => {
  place = await openPlace('.rowmill');
  sandbox = await startSandbox({ token: TOKEN, credits: 1_234 });
});
afterAll(async () => {
  await sandbox.close();
  await place.remove();
});

const doctor = (env: Record<string, string>) =>
  rowmill(['doctor'], {
    cwd: place.cwd,
    env: {
      EXTRUCT_BASE_URL: sandbox.url,
      EXTRUCT_API_TOKEN: TOKEN,
      TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
      ROWMILL_TASK_QUEUE: 'nobody-works-here',
      ...env,
    },
  }).ended;

test('a missing worker is only a warning', async () => {
  const { code, stdout } = await doctor({});
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok +extruct account +.*1,234 credits$/m);
  expect(stdout).toMatch(/^ok +promptlayer token +PROMPTLAYER_API_KEY is not set: no runs/m);
  expect(stdout).toMatch(/^ok +temporal +127\.0\.0\.1:\d+, server 1\.\d+/m);
  expect(stdout).toMatch(/^ok +namespace +default$/m);
  expect(stdout).toMatch(/^warn +worker +none on nobody-works-here and nobody-works-here-polls$/m);
  expect(stdout).toContain('rowmill worker');
  expect(stdout).not.toContain(TOKEN);
});

test('a missing or refused token ends it with 4 without showing one', async () => {
  const wrong = 'not-the-right-one-8c1';
  const [missing, refused] = await Promise.all([
    doctor({ EXTRUCT_API_TOKEN: '' }),
    doctor({ EXTRUCT_API_TOKEN: wrong }),
  ]);
  expect(missing.code).toBe(4);
  expect(missing.stdout).toMatch(/^FAIL +extruct token +EXTRUCT_API_TOKEN is not set$/m);
  expect(missing.stdout).toMatch(/^FAIL +promptlayer token +PROMPTLAYER_API_KEY is not set$/m);
  expect(refused.code).toBe(4);
  expect(refused.stdout).toMatch(/^FAIL +extruct token +.*401/m);
  expect(refused.stdout + refused.stderr).not.toContain(wrong);
});

test('with a clock that is ahead a worker is not called missing', async () => {
  const testEnv = await startTestEnv();
  try {
    // One that has just started is heard of with its first polls.
    await eventually('the worker is there', async () => {
      const { stdout } = await doctor({ ROWMILL_TASK_QUEUE: testEnv.taskQueue });
      return /^ok +worker +1 on task queue /m.test(stdout);
    });
    const shift = join(place.cwd, 'clock-shift');
    await writeFile(shift, '120000');
    const { stdout } = await doctor({
      ROWMILL_TASK_QUEUE: testEnv.taskQueue,
      NODE_OPTIONS: `--import=${SHIFTED_CLOCK}`,
      CLOCK_SHIFT_FILE: shift,
    });
    expect(stdout).toMatch(
      /^warn +worker +1 on task queue .*, but silent for 90 s by the clock of this machine$/m,
    );
  } finally {
    await testEnv.close();
  }
});

test('each part that cannot be used is an error with a remedy', async () => {
  const file = join(place.cwd, 'a-file');
  await writeFile(file, '');
  const { code, stdout } = await doctor({
    ROWMILL_STORE: file,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    EXTRUCT_BASE_URL: 'http://api.example.com',
  });
  expect(code).toBe(1);
  for (const name of ['store', 'extruct address', 'temporal']) {
    expect(stdout).toMatch(new RegExp(`^FAIL +${name} .*\\n +→ `, 'm'));
  }
});

test('each fault of a store on S3 is reported with a remedy', async () => {
  const server = await startS3Server();
  try {
    const env = { AWS_ENDPOINT_URL: server.url, ...ROOT_KEY };
    const [there, missing] = await Promise.all([
      doctor({ ...env, ROWMILL_STORE: `s3://${BUCKET}/some/prefix` }),
      doctor({ ...env, ROWMILL_STORE: 's3://no-such-bucket' }),
    ]);
    expect(there.stdout).toMatch(/^ok +store +s3:\/\/rowmill-tests\/some\/prefix can be written$/m);
    expect(there.code).toBe(0);
    expect(missing.stdout).toMatch(/^FAIL +store +s3:\/\/no-such-bucket: there is no bucket/m);
    expect(missing.stdout).toContain('Create the bucket');
    expect(missing.code).toBe(1);
  } finally {
    await server.stop();
  }
});
