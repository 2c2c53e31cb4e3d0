import { expect, test } from '@jest/globals';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { gatewaySettings } from '../../src/gateway/settings.ts';
import { expectProblem } from './problem.ts';
import { openGateway, pipelineOf, ROWS, TOKEN, type Answer } from './caller.ts';
import { openForTests } from './opened.ts';

let files: string;
const site = openForTests(async ({ folder }) => {
  files = join(folder, 'open');
  await mkdir(files);
  return { ROWMILL_GATEWAY_BODY_LIMIT: '20000' };
});

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string, headers: Record<string, string> = {}): Promise<Answer> =>
  site.caller.call('/v1/runs', {
    method: 'POST',
    headers: { ...JSON_TYPE, 'idempotency-key': 'refused', ...headers },
    body,
  });

test.each([
  ['no token', ''],
  ['another token', 'Bearer another-token-of-somebody'],
  ['the token cut', `Bearer ${TOKEN.slice(0, -1)}`],
  ['the token and more', `Bearer ${TOKEN}x`],
  ['another scheme', `Basic ${Buffer.from(`:${TOKEN}`).toString('base64')}`],
])('%s is 401, except on health and the document', async (_name, authorization) => {
  for (const path of ['/v1/runs', '/v1/runs/x/events', '/nothing']) {
    const answer = await site.caller.call(path, { headers: { authorization } });
    expectProblem(answer, 401, 'http_unauthorized');
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  }
  for (const path of ['/healthz', '/readyz', '/openapi.json']) {
    expect((await site.caller.call(path, { headers: { authorization } })).status).toBe(200);
  }
});

test('bodies that are empty, too large, of another type or not JSON get different errors', async () => {
  expectProblem(await post('{"pipeline":'), 400, 'http_bad_request');
  expectProblem(await post(''), 400, 'http_bad_request');
  expectProblem(await post('[]'), 400, 'http_bad_request');
  expectProblem(await post('{"pipeline":{"__proto__":{"a":1}}}'), 400, 'http_bad_request');
  expectProblem(await post('{}', { 'content-type': 'text/plain' }), 415, 'http_media_type');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expectProblem(await post('pipeline=x', form), 415, 'http_media_type');
  expectProblem(await post(`{"pipeline":"${'x'.repeat(30_000)}"}`), 413, 'http_body_too_large');
});

test('an unknown parameter, path or method is named', async () => {
  const unknown = await site.caller.call('/v1/runs?colour=red');
  expectProblem(unknown, 400, 'http_bad_request');
  expect(unknown.json['detail']).toContain('colour');
  expectProblem(await site.caller.call('/v1/runs?limit=0'), 400, 'http_bad_request');
  expectProblem(await site.caller.call('/v1/runs?limit=ten'), 400, 'http_bad_request');
  expectProblem(await site.caller.call('/v1/runs?outcome=fine'), 400, 'http_bad_request');
  expectProblem(await site.caller.call('/v1/runs/x/results?format=xml'), 400, 'http_bad_request');
  expectProblem(await site.caller.call('/v1/walks'), 404, 'http_not_found');
  expectProblem(await site.caller.call('/v1/runs/nobody'), 404, 'run_not_found');
  expectProblem(await site.caller.call(`/v1/runs/${'x'.repeat(1_001)}`), 400, 'http_bad_request');
  const method = await site.caller.call('/v1/runs/nobody', { method: 'DELETE' });
  expectProblem(method, 405, 'http_method_not_allowed');
  expect(method.headers.get('allow')).toBe('GET, HEAD');
});

test('a workflow that is no run is not there for the gateway', async () => {
  const id = `other-${site.testEnv.taskQueue}`;
  const other = await site.testEnv.client.workflow.start('somethingElse', {
    workflowId: id,
    taskQueue: `${site.testEnv.taskQueue}-nobody`,
  });
  expectProblem(await site.caller.call(`/v1/runs/${id}`), 404, 'run_not_found');
  const cancel = await site.caller.call(`/v1/runs/${id}/cancel`, { method: 'POST' });
  expectProblem(cancel, 404, 'run_not_found');
  expectProblem(await site.caller.start(id, { pipeline: pipelineOf() }), 409, 'run_conflict');
  await other.terminate('the test is over');
});

test('an Idempotency-Key of plain text is required', async () => {
  const body = JSON.stringify({ pipeline: pipelineOf() });
  const without = await site.caller.call('/v1/runs', { method: 'POST', headers: JSON_TYPE, body });
  expectProblem(without, 400, 'http_bad_request');
  expect(without.json['where']).toBe('headers/idempotency-key');
  expectProblem(await post(body, { 'idempotency-key': 'x'.repeat(300) }), 400, 'http_bad_request');
  expectProblem(await post(body, { 'idempotency-key': 'ä' }), 400, 'http_bad_request');
});

test('an invalid pipeline is refused with every issue of the file and its rows', async () => {
  const wrong = pipelineOf({ colour: 'red', spend: { maxCredits: -1 } });
  const answer = await site.caller.start('mistakes', { pipeline: wrong });
  expectProblem(answer, 422, 'spec_invalid');
  const issues = answer.json['issues'] as { path: string }[];
  expect(issues.map(({ path }) => path).sort()).toEqual(['colour', 'spend.maxCredits']);
  const twice = { pipeline: pipelineOf(), rows: [ROWS[0], ROWS[0]] };
  expectProblem(await site.caller.start('mistakes', twice), 422, 'rows_invalid');
  const empty = { pipeline: pipelineOf(), rows: [] };
  expectProblem(await site.caller.start('mistakes', empty), 422, 'rows_empty');
  const dear = { pipeline: pipelineOf({ spend: { maxCredits: 1 } }) };
  expectProblem(await site.caller.start('mistakes', dear), 422, 'spend_refused');
  const secret = pipelineOf({ table: { description: 'token: 0123456789abcdef0123' } });
  const refused = await site.caller.start('mistakes', { pipeline: secret });
  expectProblem(refused, 422, 'spec_has_secret');
  expect(refused.text).not.toContain('0123456789abcdef0123');
  const text = { pipeline: { text: 'name: x', baseDir: '/etc' } };
  expectProblem(await site.caller.start('mistakes', text), 400, 'http_bad_request');
  expectProblem(await site.caller.start('mistakes', { pipeline: 'name: [' }), 422, 'spec_invalid');
  expectProblem(await site.caller.call('/v1/runs/mistakes'), 404, 'run_not_found');
});

test('without an open folder a pipeline is confined to its own folder', async () => {
  const key = { key: 'Symbol', map: { input: 'Security' } };
  for (const from of ['/etc/passwd.csv', 'companies.csv', '../../secrets.json', '-']) {
    const pipeline = pipelineOf({ rows: { from, ...key } });
    expectProblem(await site.caller.start('paths', { pipeline }), 422, 'path_refused');
  }
  const { location } = site.testEnv.store;
  const elsewhere = [
    '/tmp/rowmill-elsewhere.jsonl',
    '../../../up.jsonl',
    join(location, 'runs', 'other.jsonl'),
    join(location, 'exports', 'another-run', 'x.jsonl'),
    `${join(location, 'exports', 'paths')}-sibling/x.csv`,
  ];
  for (const to of elsewhere) {
    const pipeline = pipelineOf({ results: [{ to }] });
    expectProblem(await site.caller.start('paths', { pipeline }), 422, 'path_refused');
  }
  // Its variable would be one of the worker's operator.
  const postgres = { urlEnv: 'WAREHOUSE_URL', table: 'gtm.sp500' };
  const toTable = { pipeline: pipelineOf({ results: [{ postgres }] }) };
  expectProblem(await site.caller.start('paths', toTable), 422, 'path_refused');
  expectProblem(await site.caller.call('/v1/runs/paths'), 404, 'run_not_found');
});

test('with an open folder a pipeline is confined to it, across links', async () => {
  const opened = await openGateway(site.testEnv, { ROWMILL_GATEWAY_FILES: files });
  try {
    await writeFile(join(files, 'rows.csv'), 'Symbol,Security\nMMM,3M\n');
    await writeFile(join(site.testEnv.folder, 'secret.csv'), 'Symbol,Security\nMMM,3M\n');
    await symlink(join(site.testEnv.folder, 'secret.csv'), join(files, 'link.csv'));
    await symlink(site.testEnv.folder, join(files, 'folder'));
    await symlink('../far.json', join(files, 'beside.manifest.json'));
    await symlink('../far.jsonl', join(files, 'beyond.quarantine.jsonl'));
    await symlink('../not-yet.jsonl', join(files, 'later.jsonl'));
    const key = { key: 'Symbol', map: { input: 'Security' } };
    const refused = [
      { rows: { from: 'link.csv', ...key } },
      { rows: { from: 'folder/secret.csv', ...key } },
      { rows: { from: '../secret.csv', ...key } },
      { rows: { from: 'rows.csv', ...key }, results: [{ to: 'folder/out/x.jsonl' }] },
      { rows: { from: 'rows.csv', ...key }, results: [{ to: 'ok.jsonl' }, { to: '../x.csv' }] },
      { rows: { from: 'rows.csv', ...key }, results: [{ to: 'beside.jsonl' }] },
      { rows: { from: 'rows.csv', ...key }, results: [{ to: 'beyond.csv' }] },
      { rows: { from: 'rows.csv', ...key }, results: [{ to: 'later.jsonl' }] },
    ];
    for (const changes of refused) {
      const answer = await opened.start('open', { pipeline: pipelineOf(changes) });
      expectProblem(answer, 422, 'path_refused');
    }
    const id = `open-${site.testEnv.taskQueue}`;
    const pipeline = pipelineOf({
      rows: { from: 'rows.csv', ...key },
      results: [{ to: 'out/done.jsonl' }],
    });
    expect((await opened.start(id, { pipeline })).status).toBe(201);
    expect((await opened.ended(id)).json).toMatchObject({ outcome: 'completed' });
    expect(await readdir(join(files, 'out'))).toContain('done.jsonl');
  } finally {
    await opened.gateway.stop('the test is over');
  }
});

test('requests above the limit of a token are 429', async () => {
  const other = 'another-token-of-the-test-11';
  const limited = await openGateway(site.testEnv, {
    ROWMILL_GATEWAY_RATE: '3',
    ROWMILL_GATEWAY_TOKENS: `${TOKEN}, ${other}`,
  });
  try {
    const list = () => limited.call('/v1/runs?limit=1');
    const statuses = [(await list()).status, (await list()).status, (await list()).status];
    expect(statuses).toEqual([200, 200, 200]);
    const answer = await list();
    expectProblem(answer, 429, 'http_rate_limited');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await limited.call('/healthz')).status).toBe(200);
    const authorization = `Bearer ${other}`;
    expect((await limited.call('/v1/runs', { headers: { authorization } })).status).toBe(200);
  } finally {
    await limited.gateway.stop('the test is over');
  }
});

async function answeredId(id: string): Promise<string | null> {
  const headers = { 'x-request-id': id };
  return (await site.caller.call('/v1/runs/nobody', { headers })).headers.get('x-request-id');
}

test('a request id is sent back', async () => {
  expect(await answeredId('order-1:step.2')).toBe('order-1:step.2');
});

test('a request id that could break a log is replaced', async () => {
  expect(await answeredId('a b"c')).toMatch(/^[0-9a-f-]{36}$/);
});

test('without tokens it serves only programs on this machine', async () => {
  const open = await openGateway(site.testEnv, { ROWMILL_GATEWAY_TOKENS: '' });
  try {
    const headers = { authorization: 'none' };
    expect((await open.call('/v1/runs?limit=1', { headers })).status).toBe(200);
    const page = { ...headers, origin: 'https://evil.example' };
    const cancel = await open.call('/v1/runs/x/cancel', { method: 'POST', headers: page });
    expectProblem(cancel, 403, 'http_forbidden');
    expect(await statusForHost(open.gateway.url, 'evil.example')).toBe(403);
    expect(await statusForHost(open.gateway.url, 'localhost:8080')).toBe(200);
  } finally {
    await open.gateway.stop('the test is over');
  }
});

/** A foreign name that leads here (DNS rebinding); `fetch` does not let one try. */
const statusForHost = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/runs`, { headers: { host } }, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    sent.once('error', reject).end();
  });

test.each([
  [{}, { host: '0.0.0.0' }, '--host'],
  [{ ROWMILL_GATEWAY_HOST: '::' }, {}, '--host'],
  [{ ROWMILL_GATEWAY_TOKENS: 'short' }, {}, 'ROWMILL_GATEWAY_TOKENS'],
  [
    { ROWMILL_GATEWAY_TOKENS_FILE: '/nowhere/tokens' },
    {},
    'ROWMILL_GATEWAY_TOKENS_FILE /nowhere/tokens',
  ],
  [{}, { port: '99999' }, '--port'],
  [{ ROWMILL_GATEWAY_RATE: 'many' }, {}, 'ROWMILL_GATEWAY_RATE'],
  [{ ROWMILL_LOG_LEVEL: 'loud' }, {}, 'ROWMILL_LOG_LEVEL'],
])('settings %j with flags %j are refused', (env, flags, where) => {
  expect(() => gatewaySettings(env, flags)).toThrow(
    expect.objectContaining({ code: 'usage', where }),
  );
});

test('tokens come from the variable and the file, each once', async () => {
  const file = join(site.testEnv.folder, 'tokens');
  const [first, second] = ['first-token-of-the-file', 'second-token-of-the-file'];
  await writeFile(file, `# ours\n${first}\n\n${second}\n`);
  const env = { ROWMILL_GATEWAY_TOKENS: first, ROWMILL_GATEWAY_TOKENS_FILE: file };
  const { tokens } = gatewaySettings(env, { host: '0.0.0.0' });
  expect(tokens.map(({ secret }) => secret)).toEqual([first, second]);
});
