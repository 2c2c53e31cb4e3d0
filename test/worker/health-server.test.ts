import { afterEach, expect, test } from '@jest/globals';
import { startHealthServer, type HealthServer } from '../../src/worker/health-server.ts';

let live = true;
let report = { ready: true };
let server: HealthServer | null = null;

const start = async (port = 0): Promise<string> => {
  server = await startHealthServer({
    host: '127.0.0.1',
    port,
    live: () => live,
    ready: () => Promise.resolve(report),
    metrics: { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('up 1\n') },
  });
  return server.url;
};
afterEach(async () => {
  await server?.close();
  live = true;
  report = { ready: true };
});

const get = async (url: string, method = 'GET') => {
  const reply = await fetch(url, { method });
  return { status: reply.status, body: await reply.text() };
};

test('live and ready answer 200 or 503, with what is wrong', async () => {
  const url = await start();
  expect(await get(`${url}/live`)).toMatchObject({ status: 200 });
  expect(await get(`${url}/ready?verbose`)).toMatchObject({ status: 200 });
  live = false;
  report = { ready: false };
  expect(await get(`${url}/live`)).toMatchObject({ status: 503 });
  expect(await get(`${url}/ready`)).toEqual({ status: 503, body: '{"ready":false}\n' });
});

test('metrics come as Prometheus wants them', async () => {
  const reply = await fetch(`${await start()}/metrics`);
  expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  expect(await reply.text()).toBe('up 1\n');
});

test('other paths and methods are refused', async () => {
  const url = await start();
  expect(await get(`${url}/toString`)).toMatchObject({ status: 404 });
  expect(await get(`${url}/live`, 'POST')).toMatchObject({ status: 405 });
  expect(await get(`${url}/live`, 'HEAD')).toEqual({ status: 200, body: '' });
});

test('a port in use is an error that says which flag to use', async () => {
  const first = await start();
  const taken = server;
  await expect(start(Number(new URL(first).port))).rejects.toMatchObject({
    code: 'port_in_use',
    remedy: expect.stringContaining('--health-port'),
  });
  server = taken;
});
