import { afterEach, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { eventually } from '../support/eventually.ts';
import { clientOf, failuresOf, get, post } from './calls.ts';
import { closeServers, json, raw, serve } from './server.ts';

afterEach(closeServers);

test('a request carries token, agent, query and JSON, below the path prefix', async () => {
  const server = await serve(json({ ok: true }, 200, { 'X-Total': '3' }));
  const client = clientOf(`${server.url}/prefix/`, { userAgent: 'rowmill/9' });
  const reply = await client.request({
    method: 'POST',
    path: '/v1/tables',
    route: 'POST /v1/tables',
    query: { tags: ['a b', 'c&d'], limit: 100 },
    body: { name: 'Müller' },
    repeatable: false,
  });
  expect(reply).toMatchObject({ status: 200, json: { ok: true }, headers: { 'x-total': '3' } });
  const [received] = server.received;
  expect(received).toMatchObject({
    method: 'POST',
    url: '/prefix/v1/tables?tags=a+b&tags=c%26d&limit=100',
    body: '{"name":"Müller"}',
  });
  expect(received?.headers).toMatchObject({
    authorization: 'Bearer tok-5f0c3b-SECRET',
    'user-agent': 'rowmill/9',
    'content-type': 'application/json',
    'accept-encoding': 'identity',
  });
});

test('routes are counted for each request that goes out, with status', async () => {
  const server = await serve(json({}));
  const sent: string[] = [];
  const answered: string[] = [];
  const client = clientOf(server.url, {
    onResponse: ({ route, status }) => answered.push(`${route} ${status}`),
  });
  await client.request({
    method: 'GET',
    path: '/v1/tables/t1',
    route: 'GET /v1/tables/{id}',
    repeatable: true,
    onRequest: (route) => sent.push(route),
  });
  expect(sent).toEqual(['GET /v1/tables/{id}']);
  expect(answered).toEqual(['GET /v1/tables/{id} 200']);
});

test('a hundred slow requests do not delay the next one', async () => {
  const held: ServerResponse[] = [];
  const server = await serve((res, request, nth) => {
    if (request.method === 'POST') held.push(res);
    else json({ answered: held.length })(res, request, nth);
  });
  const client = clientOf(server.url);
  const slow = Promise.all(Array.from({ length: 100 }, () => post(client)));
  await eventually('all are on their way', () => held.length === 100);
  expect((await get(client)).json).toEqual({ answered: 100 });
  for (const res of held) json({})(res, { method: 'POST', url: '', headers: {}, body: '' }, 0);
  await slow;
});

test('connections are reused within the allowed number', async () => {
  const server = await serve(json({}));
  const client = clientOf(server.url, { connections: 2 });
  await Promise.all(Array.from({ length: 20 }, () => get(client)));
  expect(server.connections()).toBeLessThanOrEqual(2);
  expect(server.received.length).toBe(20);
});

test.each([
  [
    'cut JSON',
    raw('{"rows":[{"id":"a"'),
    'answered 200 with broken, cut or endlessly nested JSON (18 bytes)',
  ],
  [
    'a page instead of JSON',
    raw('<html>secret page</html>', 200, { 'content-type': 'text/html; charset=utf-8' }),
    'answered 200 with text/html; charset=utf-8 instead of JSON',
  ],
  [
    'JSON that is HTML',
    raw('<html>'),
    'answered 200 with broken, cut or endlessly nested JSON (6 bytes)',
  ],
  [
    'an encoding that is not known',
    raw('?', 200, { 'content-encoding': 'zstd' }),
    'answered 200 in the encoding zstd, which was not asked for',
  ],
  [
    'a body that is not in the encoding it names',
    raw('{"plain":true}', 200, { 'content-encoding': 'gzip' }),
    'answered 200 in the encoding gzip, that is broken',
  ],
  [
    'cut text of another type',
    raw('{"rows":[', 200, { 'content-type': 'text/plain' }),
    'answered 200 with text/plain instead of JSON',
  ],
])('%s is unreadable, which is ambiguous after a POST', async (_name, behave, what) => {
  const failures = await failuresOf(behave);
  expect(failures.get).toMatchObject({ code: 'reply_unreadable', ambiguous: false, what });
  expect(failures.post).toMatchObject({ code: 'reply_unreadable', ambiguous: true, what });
  expect(failures.get.message).not.toContain('secret page');
});

test('control characters inside JSON strings are read', async () => {
  const server = await serve(raw('{"brief":"a\u0001b\nc"}'));
  expect((await get(clientOf(server.url))).json).toEqual({ brief: 'a\u0001b\nc' });
});

const TEXT = '{"rows":[{"id":"a"}]}';

test.each([
  ['gzip', gzipSync(TEXT)],
  ['X-GZIP', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['deflate', deflateRawSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['deflate, gzip', gzipSync(deflateSync(TEXT))],
  ['identity', Buffer.from(TEXT)],
])('a body in the encoding %s is read, though it was not asked for', async (encoding, body) => {
  const server = await serve(raw(body, 200, { 'content-encoding': encoding }));
  expect((await get(clientOf(server.url))).json).toEqual({ rows: [{ id: 'a' }] });
});

test('a small body that unpacks to more than the cap is dropped', async () => {
  const bomb = raw(gzipSync(Buffer.alloc(10_000_000)), 200, { 'content-encoding': 'gzip' });
  const failures = await failuresOf(bomb, { maxBodyBytes: 1_000_000 });
  expect(failures.get).toMatchObject({ code: 'reply_too_large', ambiguous: false });
  expect(failures.post).toMatchObject({ code: 'reply_too_large', ambiguous: true });
});

test('the reason of a refusal is read in an encoding as well', async () => {
  const body = JSON.stringify({ detail: { error: 'insufficient_credits', message: 'None left.' } });
  const { get: failure } = await failuresOf(
    raw(gzipSync(body), 402, { 'content-encoding': 'gzip' }),
  );
  expect(failure).toMatchObject({ code: 'insufficient_credits' });
  expect(failure.what).toContain('None left.');
});

test.each(['text/plain', 'application/octet-stream', 'binary', ''])(
  'JSON that is called "%s" is read',
  async (type) => {
    const server = await serve(raw(TEXT, 200, { 'content-type': type }));
    expect((await get(clientOf(server.url))).json).toEqual({ rows: [{ id: 'a' }] });
  },
);

test('an empty body is read as null', async () => {
  const server = await serve(raw(''));
  expect(await post(clientOf(server.url))).toMatchObject({ status: 200, json: null });
});

test.each(['application/problem+json', 'application/json; charset=utf-8', 'text/json'])(
  '%s is JSON',
  async (type) => {
    const server = await serve(raw('[1]', 200, { 'content-type': type }));
    expect((await get(clientOf(server.url))).json).toEqual([1]);
  },
);

test('204 has nothing to read', async () => {
  const server = await serve((res) => res.writeHead(204).end());
  expect(await post(clientOf(server.url))).toMatchObject({ status: 204, json: null });
});

test('a reply over the cap is dropped in the middle', async () => {
  let unfinished = 0;
  let bothClosed: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (bothClosed = resolve));
  const failures = await failuresOf(
    (res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.on('close', () => {
        unfinished += res.writableFinished ? 0 : 1;
        if (unfinished === 2) bothClosed();
      });
      const more = (): void => {
        while (!res.destroyed && res.write('[1],'.repeat(16_384)));
        if (!res.destroyed) res.once('drain', more);
      };
      more();
    },
    { maxBodyBytes: 200_000 },
  );
  expect(failures.get).toMatchObject({ code: 'reply_too_large', ambiguous: false });
  expect(failures.post).toMatchObject({ code: 'reply_too_large', ambiguous: true });
  await closed;
});

test('a reply of exactly the cap is read', async () => {
  const text = JSON.stringify('x'.repeat(998));
  const server = await serve(raw(text));
  expect((await get(clientOf(server.url, { maxBodyBytes: 1000 }))).json).toBe('x'.repeat(998));
});
