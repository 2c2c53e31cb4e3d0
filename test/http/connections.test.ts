import { afterEach, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { Pool } from 'undici';
import { sendOnce, type Incoming } from '../../src/http/exchange.ts';
import { eventually } from '../support/eventually.ts';
import { clientOf, failureOf, failuresOf, get, post } from './calls.ts';
import { closeServers, json, serve } from './server.ts';

afterEach(closeServers);

test('a refused connection leaves nothing sent or open', async () => {
  const server = await serve(json({}));
  await server.close();
  const sent: string[] = [];
  const failure = await failureOf(
    clientOf(server.url).request({
      method: 'POST',
      path: '/v1/tables',
      route: 'r',
      body: {},
      repeatable: false,
      onRequest: (route) => sent.push(route),
    }),
  );
  expect(failure).toMatchObject({
    code: 'provider_unreachable',
    ambiguous: false,
    retryable: true,
  });
  expect(failure.what).toMatch(/^no connection \(connect ECONNREFUSED/);
  expect(failure.cause).toMatchObject({ code: 'ECONNREFUSED' });
  expect(sent).toEqual([]);
});

test('an unknown host: nothing was sent', async () => {
  const failure = await failureOf(post(clientOf('https://rowmill.invalid')));
  expect(failure).toMatchObject({ code: 'provider_unreachable', ambiguous: false });
});

test('a server without TLS behind https: nothing was sent', async () => {
  const server = await serve(json({}));
  const failure = await failureOf(post(clientOf(server.url.replace('http:', 'https:'))));
  expect(failure).toMatchObject({ code: 'provider_unreachable', ambiguous: false });
  expect(server.received.length).toBe(0);
});

test('a handshake that never ends: nothing was sent', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = clientOf(`https://127.0.0.1:${port}`, { connectTimeoutMs: 50 });
  const failure = await failureOf(post(client));
  await client.close();
  await new Promise((resolve) => silent.close(resolve));
  expect(failure).toMatchObject({ code: 'provider_unreachable', ambiguous: false });
});

test('a POST that is reset before its reply stays open, unrepeated', async () => {
  const server = await serve((res) => res.socket?.resetAndDestroy());
  const failure = await failureOf(post(clientOf(server.url)));
  expect(failure).toMatchObject({ code: 'provider_unreachable', ambiguous: true });
  expect(failure.what).toContain('the connection broke');
  expect(server.received.length).toBe(1);
});

test('every request of a GET that is repeated after a reset counts', async () => {
  const server = await serve((res, request, nth) => {
    if (nth === 2) res.socket?.destroy();
    else json({ nth })(res, request, nth);
  });
  const client = clientOf(server.url);
  const sent: string[] = [];
  const call = {
    method: 'GET',
    path: '/x',
    route: 'GET /x',
    repeatable: true,
    onRequest: (route: string) => sent.push(route),
  } as const;
  expect((await client.request(call)).json).toEqual({ nth: 1 });
  expect((await client.request(call)).json).toEqual({ nth: 3 });
  expect(sent.length).toBe(3);
});

test('a GET is sent again only once', async () => {
  const server = await serve((res) => res.socket?.destroy());
  const failure = await failureOf(get(clientOf(server.url)));
  expect(failure).toMatchObject({ code: 'provider_unreachable', ambiguous: false });
  expect(server.received.length).toBe(2);
});

test('half a body and a break', async () => {
  const failures = await failuresOf((res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
    res.write('{"id":"half', () => res.destroy());
  });
  expect(failures.get).toMatchObject({ code: 'provider_unreachable', ambiguous: false });
  expect(failures.post).toMatchObject({ code: 'provider_unreachable', ambiguous: true });
  expect(failures.post.what).toBe('answered 200, but the body broke off after 11 bytes');
  expect(failures.server.received.length).toBe(2);
});

test('no reply in time', async () => {
  const failures = await failuresOf(() => undefined, { headersTimeoutMs: 50 });
  expect(failures.get).toMatchObject({ code: 'provider_timeout', ambiguous: false });
  expect(failures.post).toMatchObject({ code: 'provider_timeout', ambiguous: true });
});

test('a body that stops', async () => {
  const failures = await failuresOf(
    (res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.write('{');
    },
    { bodyTimeoutMs: 50 },
  );
  expect(failures.post).toMatchObject({ code: 'provider_timeout', ambiguous: true });
  expect(failures.post.what).toBe('answered 200, but the body did not come in time after 1 bytes');
});

test('a body that never ends ends with the total time', async () => {
  let isSlow = false;
  const server = await serve((res, request, nth) => {
    if (!isSlow) {
      json({})(res, request, nth);
      return;
    }
    res.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => res.write(' '), 5);
    res.on('close', () => clearInterval(drip));
  });
  const client = clientOf(server.url, { totalTimeoutMs: 100, connections: 1 });
  for (const [send, ambiguous] of [
    [get, false],
    [post, true],
  ] as const) {
    isSlow = false;
    // Over an open connection the request goes out at once, however slow this machine is.
    await eventually('a connection is open', () => get(client).then(Boolean, () => false));
    isSlow = true;
    const failure = await failureOf(send(client));
    expect(failure).toMatchObject({ code: 'provider_timeout', ambiguous });
  }
});

test('a reply that is not HTTP', async () => {
  const failures = await failuresOf((res) => res.socket?.end('hello\r\n\r\n'));
  expect(failures.post).toMatchObject({ code: 'reply_unreadable', ambiguous: true });
});

test('an abort ends the request with its own reason', async () => {
  const reason = new Error('cancelled by the workflow');
  const stop = new AbortController();
  let gone: () => void;
  const closed = new Promise<void>((resolve) => (gone = resolve));
  const server = await serve((res) => {
    res.on('close', () => gone());
    stop.abort(reason);
  });
  await expect(post(clientOf(server.url), stop.signal)).rejects.toBe(reason);
  await closed;
});

test('a signal that is aborted already sends nothing', async () => {
  const server = await serve(json({}));
  const reason = new Error('too late');
  await expect(get(clientOf(server.url), AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(server.received.length).toBe(0);
});

test('aborted while it waits for a connection, it never goes out', async () => {
  const stop = new AbortController();
  const reason = new Error('no more');
  let release: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const busy = new Promise<void>((resolve) => (arrived = resolve));
  const server = await serve((res, request, nth) => {
    if (nth > 1) {
      json({ nth })(res, request, nth);
      return;
    }
    release = () => json({ nth })(res, request, nth);
    arrived();
  });
  const client = clientOf(server.url, { connections: 1 });
  const first = get(client);
  await busy;
  const queued = post(client, stop.signal);
  stop.abort(reason);
  await expect(queued).rejects.toBe(reason);
  release();
  expect((await first).json).toEqual({ nth: 1 });
  expect((await get(client)).json).toEqual({ nth: 2 });
  expect(server.received.map(({ method }) => method)).toEqual(['GET', 'GET']);
});

test('out of time while it waits for a connection, nothing was sent', async () => {
  let arrived: () => void = () => undefined;
  const busy = new Promise<void>((resolve) => (arrived = resolve));
  const server = await serve(() => arrived());
  const pool = new Pool(server.url, { connections: 1 });
  const sent: string[] = [];
  const send = (path: string, totalTimeoutMs: number): Promise<Incoming> =>
    sendOnce(pool, {
      origin: server.url,
      method: 'POST',
      path,
      headers: {},
      body: '{}',
      totalTimeoutMs,
      maxBodyBytes: 1_000,
      onSent: () => sent.push(path),
    });
  // It holds the only connection for as long as the other one waits.
  const first = send('/first', 600_000);
  await busy;
  const queued = await send('/queued', 100);
  expect(queued).toMatchObject({ kind: 'failed', sent: false, error: { code: 'TOTAL_TIMEOUT' } });
  await pool.destroy();
  expect(await first).toMatchObject({ kind: 'failed', sent: true });
  expect(sent).toEqual(['/first']);
});
