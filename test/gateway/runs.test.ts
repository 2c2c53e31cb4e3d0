import { expect, test } from '@jest/globals';
import type { ResultRow } from '../../src/contract/results.ts';
import { TOKEN as PROVIDER_TOKEN } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineOf, ROWS, TOKEN } from './caller.ts';
import { openForTests } from './opened.ts';

const site = openForTests();

const keyOf = (name: string): string => `${name}-${site.testEnv.taskQueue}`;

test('a run is started by key, followed by events and read in both formats', async () => {
  const key = keyOf('whole');
  const started = await site.caller.start(key, {
    pipeline: pipelineOf({ spend: { approveAbove: 0 } }),
  });
  expect(started).toMatchObject({ status: 201, json: { id: key, attached: false } });
  expect(started.headers.get('location')).toBe(`/v1/runs/${key}`);

  const headers = { authorization: `Bearer ${TOKEN}` };
  const events = await fetch(`${site.caller.gateway.url}/v1/runs/${key}/events`, { headers });
  expect(events.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  let approved = false;
  for await (const piece of events.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (approved || !text.includes('waiting for approval')) continue;
    approved = true;
    // Before that it does not end.
    await site.caller.call(`/v1/runs/${key}/approve`, { method: 'POST' });
  }
  const [last, ...rest] = text.trim().split('\n\n').reverse();
  expect(rest.some((event) => event.startsWith('event: progress'))).toBe(true);
  expect(last).toMatch(/^id: end\nevent: outcome\ndata: \{"outcome":"completed"/);
  // A caller that comes back after the end has nothing to wait for.
  const from = (id: string) =>
    site.caller.call(`/v1/runs/${key}/events`, { headers: { 'last-event-id': id } });
  expect(await from('end')).toMatchObject({ status: 204 });
  const again = await from('7');
  expect(again.text).toContain('event: outcome');

  expect(await site.caller.call(`/v1/runs/${key}`)).toMatchObject({
    status: 200,
    json: { id: key, status: 'COMPLETED', summary: { rows: 3, cells: { done: 3 } }, error: null },
  });
  const jsonl = await site.caller.call(`/v1/runs/${key}/results`);
  expect(jsonl.headers.get('content-type')).toContain('application/x-ndjson');
  const rows = jsonl.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultRow);
  expect(rows.map((row) => row.key)).toEqual(ROWS.map(({ Symbol }) => Symbol));
  const csv = await site.caller.call(`/v1/runs/${key}/results`, {
    headers: { accept: 'text/csv' },
  });
  expect(csv.text.split('\n')[0]).toBe('key,input,sector,_status');
  expect((await site.caller.call(`/v1/runs/${key}/results?format=csv`)).text).toBe(csv.text);
  expect(await site.caller.call(`/v1/runs/${key}/quarantine`)).toMatchObject({
    status: 200,
    text: '',
  });
  const changes = await site.caller.call(`/v1/runs/${key}/changes`);
  expect(changes.headers.get('content-type')).toContain('application/x-ndjson');
  expect(changes.text.split('\n').filter((line) => line.includes('"change":"new"'))).toHaveLength(
    3,
  );
  const report = await site.caller.call(`/v1/runs/${key}/report`);
  expect(report.headers.get('content-type')).toContain('text/html');
  expect(report.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(report.text).toContain(key);
  expect(report.text).not.toContain(site.testEnv.folder);
  expect(await site.caller.call(`/v1/runs/${key}/manifest`)).toMatchObject({
    json: { outcome: 'completed', pipeline: 'gateway', changes: { new: 3 } },
  });
});

test('a broken download goes on where it was: bytes, from the end, conditional, beyond the end', async () => {
  const path = `/v1/runs/${keyOf('whole')}/results`;
  for (const format of ['jsonl', 'csv']) {
    const url = `${path}?format=${format}`;
    const whole = await site.caller.call(url);
    const etag = whole.headers.get('etag') ?? '';
    const size = Buffer.byteLength(whole.text);
    expect(whole.headers.get('content-length')).toBe(String(size));
    const range = (value: string, more = {}) =>
      site.caller.call(url, { headers: { range: value, ...more } });
    const first = await range('bytes=0-9');
    const rest = await range('bytes=10-', { 'if-range': etag });
    expect([first.status, rest.status]).toEqual([206, 206]);
    expect(first.headers.get('content-range')).toBe(`bytes 0-9/${size}`);
    expect(first.text + rest.text).toBe(whole.text);
    expect((await range('bytes=-5')).text).toBe(whole.text.slice(-5));
    expect((await range('bytes=0-9', { 'if-range': '"another"' })).status).toBe(200);
    expect((await range('bytes=5-1')).status).toBe(200);
    expect((await range('lines=1-2')).status).toBe(200);
    const beyond = await range(`bytes=${size}-`);
    expect(beyond).toMatchObject({ status: 416, json: { code: 'http_range' } });
    expect(beyond.headers.get('content-range')).toBe(`bytes */${size}`);
    const same = await site.caller.call(url, { headers: { 'if-none-match': etag } });
    expect(same).toMatchObject({ status: 304, text: '' });
    const head = await site.caller.call(url, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
  }
  const refused = await site.caller.call(path, { headers: { accept: 'image/png' } });
  expect(refused).toMatchObject({ status: 406, json: { code: 'http_not_acceptable' } });
});

test('the reply to a start has the warnings of its rows, without a path of the host', async () => {
  const twice = { Symbol: 'MMM-2', Security: '3M' };
  const body = { pipeline: pipelineOf(), rows: [...ROWS, twice] };
  const { status, json } = await site.caller.start(keyOf('warned'), body);
  const warnings = [expect.stringContaining('1 row asks what a row before it asks')];
  expect([status, json['warnings']]).toEqual([201, warnings]);
  expect((await site.caller.start(keyOf('warned'), body)).json['warnings']).toEqual(warnings);
  expect(
    (await site.caller.start(keyOf('plain'), { pipeline: pipelineOf() })).json['warnings'],
  ).toEqual([]);
  await site.caller.ended(keyOf('warned'));
});

test('a key belongs to one request body', async () => {
  const key = keyOf('once');
  const body = { pipeline: pipelineOf() };
  const answers = await Promise.all([1, 2, 3, 4].map(() => site.caller.start(key, body)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
  expect(new Set(answers.map(({ json }) => json['runId'])).size).toBe(1);
  const others = [
    { pipeline: pipelineOf({ spend: { maxCredits: 999 } }) },
    { pipeline: pipelineOf(), rows: ROWS.slice(1) },
    { pipeline: pipelineOf(), approve: true },
  ];
  for (const other of others) {
    const refused = await site.caller.start(key, other);
    expect(refused).toMatchObject({ status: 409, json: { code: 'run_conflict' } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  }
  await site.caller.ended(key);
  expect(await site.caller.start(key, body)).toMatchObject({
    status: 200,
    json: { attached: true },
  });
});

test('the run of any plain-text key is found under the id that is answered', async () => {
  const key = `Order 4711 / ${site.testEnv.taskQueue}`;
  const started = await site.caller.start(key, {
    pipeline: pipelineOf(),
    rows: ROWS.slice(0, 1),
  });
  const id = String(started.json['id']);
  expect(id).toMatch(/^order-4711-.*~[0-9a-f]{24}$/);
  expect((await site.caller.ended(id)).json).toMatchObject({ id, outcome: 'completed', rows: 1 });
});

test('actions that do not fit the state of a run are refused with 409', async () => {
  const key = keyOf('actions');
  const post = (action: string) =>
    site.caller.call(`/v1/runs/${key}/${action}`, { method: 'POST' });
  await site.caller.start(key, { pipeline: pipelineOf({ spend: { approveAbove: 0 } }) });
  await eventually('the run waits', async () => {
    const { json } = await site.caller.call(`/v1/runs/${key}`);
    return (json['progress'] as { stage?: string } | null)?.stage === 'waiting for approval';
  });
  expect(await post('resume')).toMatchObject({ status: 409, json: { code: 'action_refused' } });
  const early = await site.caller.call(`/v1/runs/${key}/results`);
  expect(early).toMatchObject({ status: 409, json: { code: 'action_refused' } });
  expect(await post('pause?reason=lunch')).toMatchObject({ status: 202 });
  await eventually('the run is paused', async () => {
    const { text } = await site.caller.call(`/v1/runs/${key}`);
    return text.includes('"paused"') && text.includes('lunch');
  });
  expect(await post('pause?why=lunch')).toMatchObject({ status: 400 });
  expect(await post('resume')).toMatchObject({ status: 202 });
  expect(await post('approve')).toMatchObject({ status: 202, json: { action: 'approve' } });
  expect((await site.caller.ended(key)).json).toMatchObject({ outcome: 'completed' });
  const rerun = await post('rerun');
  expect(rerun).toMatchObject({ status: 202, json: { id: `${key}-rerun-1` } });
  // The first one waits for an approval of its own.
  expect(
    (await site.caller.call(`/v1/runs/${key}-rerun-1/cancel`, { method: 'POST' })).status,
  ).toBe(202);
  await site.caller.ended(`${key}-rerun-1`);
  expect(await post('cancel')).toMatchObject({ status: 409, json: { code: 'action_refused' } });
});

test('the results of a run that ended without a table are 404', async () => {
  const key = keyOf('stopped');
  await site.caller.start(key, { pipeline: pipelineOf({ spend: { approveAbove: 0 } }) });
  expect((await site.caller.call(`/v1/runs/${key}/cancel`, { method: 'POST' })).status).toBe(202);
  expect((await site.caller.ended(key)).json).toMatchObject({ outcome: 'cancelled' });
  for (const file of ['results', 'quarantine', 'manifest']) {
    const missing = await site.caller.call(`/v1/runs/${key}/${file}`);
    expect(missing).toMatchObject({ status: 404, json: { code: 'results_missing' } });
  }
});

test('the key of a failed run starts it again', async () => {
  const key = keyOf('failed');
  const body = { pipeline: pipelineOf({ spend: { approveAbove: 0 } }) };
  const first = await site.caller.start(key, body);
  await site.testEnv.client.workflow.getHandle(key).terminate('by the test');
  const events = await site.caller.call(`/v1/runs/${key}/events`);
  expect(events.text).toMatch(/event: outcome\ndata: \{"outcome":"failed".*"code":"run_failed"/);
  expect((await site.caller.call(`/v1/runs/${key}`)).json).toMatchObject({
    status: 'TERMINATED',
    error: { code: 'run_failed' },
  });
  const second = await site.caller.start(key, body);
  expect(second).toMatchObject({ status: 201, json: { id: key, attached: false } });
  expect(second.json['runId']).not.toBe(first.json['runId']);
  await site.caller.call(`/v1/runs/${key}/cancel`, { method: 'POST' });
  await site.caller.ended(key);
});

test('runs are listed by filter and page', async () => {
  const name = `listed-${Date.now()}`;
  const ids = [1, 2, 3].map((n) => `${name}-${n}`);
  for (const id of ids) await site.caller.start(id, { pipeline: pipelineOf({ name }) });
  await Promise.all(ids.map((id) => site.caller.ended(id)));
  const list = (query: string) => site.caller.call(`/v1/runs?pipeline=${name}&${query}`);
  await eventually('all are listed as completed', async () => {
    return (
      ((await list('outcome=completed&status=Completed')).json['runs'] as unknown[]).length === 3
    );
  });
  const seen: string[] = [];
  let cursor = '';
  do {
    const { json } = await list(`limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...(json['runs'] as { id: string }[]).map(({ id }) => id));
    cursor = typeof json['next'] === 'string' ? json['next'] : '';
  } while (cursor !== '');
  expect(seen.sort()).toEqual(ids);
  expect((await list('status=Running')).json['runs']).toEqual([]);
  expect(await list('cursor=bm9uc2Vuc2U')).toMatchObject({ status: 400, json: { code: 'usage' } });
});

test('what runs asked for is summed by pipeline', async () => {
  const { json, status } = await site.caller.call('/v1/spend?by=pipeline&since=1d');
  expect(status).toBe(200);
  expect(json).toMatchObject({ by: 'pipeline', total: { creditsUnconfirmed: 0 } });
  const [first] = json['groups'] as { passes: number; credits: number }[];
  expect(first?.credits).toBeGreaterThan(0);
});

test.each(['since=0d', 'by=night'])('a sum of spend with %s is refused', async (query) => {
  expect(await site.caller.call(`/v1/spend?${query}`)).toMatchObject({ status: 400 });
});

test('no secret of any owner comes out', async () => {
  const key = keyOf('whole');
  for (const path of ['', '/results', '/manifest', '/events']) {
    const { text } = await site.caller.call(`/v1/runs/${key}${path}`);
    expect(text).not.toContain(PROVIDER_TOKEN);
    expect(text).not.toContain(TOKEN);
  }
});
