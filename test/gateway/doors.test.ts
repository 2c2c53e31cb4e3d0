import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { openGateway, pipelineOf, TOKEN } from './caller.ts';
import { openForTests } from './opened.ts';
import { expectProblem } from './problem.ts';

const site = openForTests();

const keyOf = (name: string): string => `${name}-${site.testEnv.taskQueue}`;

test('wrong tokens and unknown paths count apart from the requests of others', async () => {
  const limited = await openGateway(site.testEnv, { ROWMILL_GATEWAY_RATE: '3' });
  try {
    const guess = (at: number) =>
      limited.call('/v1/runs', { headers: { authorization: `Bearer guess-number-${at}-xxxx` } });
    for (let at = 0; at < 3; at += 1) expect((await guess(at)).status).toBe(401);
    expectProblem(await guess(3), 429, 'http_rate_limited');
    const unknown = await limited.call('/nothing', { headers: { authorization: 'none' } });
    expectProblem(unknown, 429, 'http_rate_limited');
    for (let at = 0; at < 3; at += 1) expect((await limited.call('/nothing')).status).toBe(404);
    expectProblem(await limited.call('/nothing'), 429, 'http_rate_limited');
    expect((await limited.call('/healthz')).status).toBe(200);
  } finally {
    await limited.gateway.stop('the test is over');
  }
});

/** Sends bytes over a bare socket and returns the reply. */
async function raw(text: string): Promise<string> {
  const { port, hostname } = new URL(site.caller.gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(text);
  let answer = '';
  socket.on('data', (data: Buffer) => (answer += data.toString()));
  await once(socket, 'close');
  return answer;
}

test('malformed requests are answered with a problem', async () => {
  const malformed = await raw('NONSENSE\r\n\r\n');
  expect(malformed).toContain('HTTP/1.1 400');
  expect(malformed).toContain('application/problem+json');
  expect(malformed).toContain('"code":"http_bad_request"');
  const huge = await raw(`GET /healthz HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(huge).toContain('HTTP/1.1 431');
  expect(huge).toContain('"code":"http_headers_too_large"');
  const path = await raw(
    `GET /v1/runs/%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
  );
  expect(path).toContain('HTTP/1.1 400');
  expect(path).toContain('application/problem+json');
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'encoded' };
  const post = (body: string | Uint8Array<ArrayBuffer>, more = {}) =>
    site.caller.call('/v1/runs', { method: 'POST', headers: { ...headers, ...more }, body });
  expectProblem(await post('{}', { 'content-encoding': 'gzip' }), 415, 'http_media_type');
  expectProblem(await post(new Uint8Array([0x22, 0xff, 0xfe, 0x22])), 400, 'http_bad_request');
});

test('a key may have at most 255 characters', async () => {
  const body = { pipeline: pipelineOf({ spend: { maxCredits: 0 } }) };
  expectProblem(await site.caller.start('k'.repeat(255), body), 422, 'spend_refused');
  expectProblem(await site.caller.start('k'.repeat(256), body), 400, 'http_bad_request');
});

test('what is refused leaves no rows in the store', async () => {
  const rows = Array.from({ length: 3_000 }, (_, at) => ({
    Symbol: `S${at}`,
    Security: `Company number ${at}`,
  }));
  const staged = async (): Promise<string[]> =>
    readdir(join(site.testEnv.store.location, 'staged')).catch(() => []);
  const before = await staged();
  const dear = { pipeline: pipelineOf({ spend: { maxCredits: 1 } }), rows };
  expectProblem(await site.caller.start(keyOf('dear'), dear), 422, 'spend_refused');
  const key = keyOf('taken');
  expect((await site.caller.start(key, { pipeline: pipelineOf() })).status).toBe(201);
  expectProblem(
    await site.caller.start(key, { pipeline: pipelineOf(), rows }),
    409,
    'run_conflict',
  );
  const twice = { pipeline: pipelineOf(), rows: [...rows, rows[0]] };
  expectProblem(await site.caller.start(keyOf('twice'), twice), 422, 'rows_invalid');
  expect(await staged()).toEqual(before);
  await site.caller.ended(key);
});

test('a download that is broken off leaves no file', async () => {
  const rows = Array.from({ length: 400 }, (_, at) => ({
    Symbol: `S${at}`,
    Security: `Company number ${at} ${'x'.repeat(500)}`,
  }));
  const key = keyOf('download');
  expect((await site.caller.start(key, { pipeline: pipelineOf(), rows })).status).toBe(201);
  await site.caller.ended(key);
  const left = async (): Promise<string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('rowmill-results-'));
  const before = await left();
  const url = `${site.caller.gateway.url}/v1/runs/${key}/results?format=csv`;
  for (let at = 0; at < 10; at += 1) {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const asking = request(url, { headers });
    asking.on('error', () => undefined);
    asking.end();
    // Now in the middle of it, now before it has begun.
    if (at % 2 === 0) asking.destroy();
    else {
      asking.on('response', (reply) => {
        reply.on('error', () => undefined).once('data', () => asking.destroy());
      });
    }
    await new Promise((resolve) => asking.once('close', resolve));
  }
  await eventually('it is so', async () => (await left()).every((name) => before.includes(name)));
  const get = async (id: string, format: string) => {
    const path = `/v1/runs/${id}/results?format=${format}`;
    const { headers, status } = await site.caller.call(path);
    expect(status).toBe(200);
    return headers.get('etag') ?? '';
  };
  const other = keyOf('other');
  expect((await site.caller.start(other, { pipeline: pipelineOf() })).status).toBe(201);
  await site.caller.ended(other);
  for (const format of ['csv', 'jsonl']) {
    const tag = await get(key, format);
    expect(tag).toMatch(/^"[0-9a-f]{64}-(csv|jsonl)"$/);
    expect(await get(key, format)).toBe(tag);
    expect(await get(other, format)).not.toBe(tag);
  }
});

test('no answer contains a path of this host', async () => {
  const open = join(site.testEnv.folder, 'open');
  await mkdir(open);
  const opened = await openGateway(site.testEnv, { ROWMILL_GATEWAY_FILES: open });
  try {
    const key = keyOf('paths');
    const results = [{ to: 'out/paths.jsonl' }];
    expect((await opened.start(key, { pipeline: pipelineOf({ results }) })).status).toBe(201);
    const answers = [
      await opened.call(`/v1/runs/${key}/events`),
      await opened.call(`/v1/runs/${key}`),
      await opened.call(`/v1/runs/${key}/manifest`),
      await opened.call('/readyz'),
      await opened.start('outside', { pipeline: pipelineOf({ rows: { from: '/etc/x.csv' } }) }),
      await opened.start('missing', { pipeline: pipelineOf({ rows: { from: 'none.csv' } }) }),
    ];
    for (const { text } of answers) {
      expect(text).not.toContain(site.testEnv.folder);
      expect(text).not.toContain(process.cwd());
    }
    expect(answers[2]?.text).toContain('files/out/paths.jsonl');
  } finally {
    await opened.gateway.stop('the test is over');
  }
});
