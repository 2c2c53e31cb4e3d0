import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { connectTemporal } from '../../src/temporal/connection.ts';
import { goesDirect } from '../../src/temporal/no-proxy.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';

const NAMES = ['http_proxy', 'https_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
const address = process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';

let proxy: Server;
let asked = 0;
beforeEach(async () => {
  asked = 0;
  // It takes every connection, and answers nothing.
  proxy = createServer(() => (asked += 1)).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const at = proxy.address();
  const url = typeof at === 'object' && at !== null ? `http://127.0.0.1:${at.port}` : '';
  for (const name of NAMES) process.env[name] = url;
});
afterEach(() => {
  for (const name of NAMES) Reflect.deleteProperty(process.env, name);
  proxy.close();
});

test('a server on this machine is reached past any proxy of the environment', async () => {
  const link = await connectTemporal({ address, ignoreProfileFile: true });
  await link.connection.close();
  expect(asked).toBe(0);
});

test('so is one by a worker, with the APIs on this machine', async () => {
  // The client of the test is the SDK's own, and not what is tried.
  process.env['no_proxy'] = '127.0.0.1,localhost';
  const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  Reflect.deleteProperty(process.env, 'no_proxy');
  try {
    const input = await pipelineInputFor(testEnv, [{ Symbol: 'MMM', Security: '3M' }]);
    expect((await executeRun(testEnv, 'past-the-proxy', input)).outcome).toBe('completed');
    expect(asked).toBe(0);
  } finally {
    await testEnv.close();
  }
});

test.each([
  ['127.0.0.1:7233', {}, true],
  ['localhost:7233', {}, true],
  ['[::1]:7233', {}, true],
  ['temporal.example:7233', {}, false],
  ['temporal.example:7233', { NO_PROXY: 'other.example, .example' }, true],
  ['temporal.example:7233', { no_proxy: 'temporal.example:7233' }, true],
  ['temporal.example:7233', { no_proxy: 'temporal.example:1' }, false],
  ['mytemporal.example:7233', { NO_PROXY: 'temporal.example' }, false],
  ['temporal.example:7233', { NO_PROXY: '*' }, true],
])('%s with %j', (where, env, direct) => {
  expect(goesDirect(where, env)).toBe(direct);
});
