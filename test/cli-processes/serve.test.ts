import { once } from 'node:events';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { rowmill, type Command } from '../cli/command.ts';
import { pipelineOf } from '../gateway/caller.ts';
import { startTestEnv, TOKEN as PROVIDER_TOKEN, type TestEnv } from '../support/test-env.ts';

const TOKEN = 'gateway-token-of-a-process-91d7';

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const serve = (flags: string[], env: Record<string, string> = {}): Command => {
  const command = rowmill(['serve', ...flags], {
    cwd: testEnv.folder,
    env: {
      TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
      ROWMILL_TASK_QUEUE: testEnv.taskQueue,
      ROWMILL_STORE: testEnv.store.location,
      ...env,
    },
  });
  cleanUp.push(() => command.child.kill('SIGKILL'));
  return command;
};

/** Opens a connection, sends a request over it and keeps it open. */
async function idleConnection(url: string): Promise<{ closed: Promise<unknown> }> {
  const agent = new Agent({ keepAlive: true });
  const asked = once(get(`${url}/healthz`, { agent }), 'response') as Promise<[IncomingMessage]>;
  const [answer] = await asked;
  const closed = once(answer.socket, 'close');
  await text(answer);
  return { closed };
}

test('SIGTERM lets open requests finish', async () => {
  // Not needed by a gateway, and there all the same on many machines.
  const secrets = { ROWMILL_GATEWAY_TOKENS: TOKEN, EXTRUCT_API_TOKEN: PROVIDER_TOKEN };
  const gateway = serve(['--port', '0'], secrets);
  let log = '';
  gateway.child.stderr?.on('data', (chunk: string) => (log += chunk));
  await gateway.says('"gateway started"');
  const url = /"url":"([^"]+)"/.exec(log)?.[1] ?? '';
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { ready: true, checks: { gateway: 'ok', temporal: 'ok', store: 'ok' } },
  ]);
  expect((await fetch(`${url}/v1/runs`)).status).toBe(401);

  const authorization = `Bearer ${TOKEN}`;
  const id = `served-${testEnv.taskQueue}`;
  const body = JSON.stringify({ pipeline: pipelineOf({ spend: { approveAbove: 0 } }) });
  const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': id };
  const started = await fetch(`${url}/v1/runs`, { method: 'POST', headers, body });
  expect(started.status).toBe(201);
  const events = await fetch(`${url}/v1/runs/${id}/events`, { headers: { authorization } });
  const followed = events.text();
  const pause = await fetch(`${url}/v1/runs/${id}/pause?reason=a-private-reason`, {
    method: 'POST',
    headers: { authorization },
  });
  await pause.text();

  const idle = await idleConnection(url);

  const inProgress = request(`${url}/v1/runs`, {
    method: 'POST',
    headers: { ...headers, expect: '100-continue' },
  });
  const answered = once(inProgress, 'response') as Promise<[IncomingMessage]>;
  inProgress.flushHeaders();
  // So says the gateway when it has begun with it.
  await once(inProgress, 'continue');
  inProgress.write(body.slice(0, 10));

  gateway.child.kill('SIGTERM');
  await gateway.says('"gateway drains"');
  // At once, while a request is still in progress, and not when it has been idle for 72 s.
  await idle.closed;
  // The run goes on, and its followers come again to the next gateway.
  expect(await followed).not.toContain('event: outcome');
  inProgress.end(body.slice(10));
  const [answer] = await answered;
  expect([answer.statusCode, JSON.parse(await text(answer))]).toMatchObject([200, { id }]);
  const { stdout, stderr } = await gateway.endsWith(0);
  expect(stderr).toContain('"gateway stopped"');
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();

  const all = stdout + stderr;
  expect(all).toMatch(/"path":"\/v1\/runs","status":201,"ms":\d+,"caller":"[0-9a-f]{12}"/);
  for (const secret of [TOKEN, PROVIDER_TOKEN, 'a-private-reason', 'Abbott']) {
    expect(all).not.toContain(secret);
  }
  await testEnv.client.workflow.getHandle(id).cancel();
});

test('settings that are unsafe or unusable end serve with 2', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  cleanUp.push(() => taken.close());
  const { port } = taken.address() as AddressInfo; // a TCP server has this kind of address
  const [open, busy, short] = await Promise.all([
    serve(['--host', '0.0.0.0', '--port', '0']).endsWith(2),
    serve(['--port', String(port)]).endsWith(2),
    serve([], { ROWMILL_GATEWAY_TOKENS: 'too-short' }).endsWith(2),
  ]);
  expect(open.stderr).toMatch(/error\[usage\] --host: "0\.0\.0\.0" .*no token/);
  expect(open.stderr).not.toContain('gateway started');
  expect(busy.stderr).toContain(`error[port_in_use] 127.0.0.1: port ${port}`);
  expect(short.stderr).toContain('error[usage] ROWMILL_GATEWAY_TOKENS');
  expect(short.stderr).not.toContain('too-short');
});
