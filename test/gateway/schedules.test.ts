import { afterAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applySchedule } from '../../src/client/schedules/index.ts';
import { loadPipeline } from '../../src/spec/index.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineOf, type Answer } from './caller.ts';
import { openForTests } from './opened.ts';
import { expectProblem } from './problem.ts';

/** Schedules are named for the whole server, which other tests use as well. */
const NAME = `gateway-${process.pid}`;
const SPAN = { from: '2026-01-01', to: '2026-01-05' };

afterAll(async () => {
  for (const name of [NAME, `${NAME}-2`, `${NAME}-3`, `${NAME}-4`]) await remove(name);
});
const site = openForTests(() => ({ ROWMILL_GATEWAY_BODY_LIMIT: '20000' }));

const nightly = (changes: Record<string, unknown> = {}): Record<string, unknown> =>
  pipelineOf({ name: NAME, schedule: { at: '02:30', days: ['sun'] }, ...changes });

const put = (pipeline: unknown, more: Record<string, unknown> = {}, name = NAME) =>
  site.caller.send('PUT', `/v1/schedules/${name}`, { owner: 'billing', pipeline, ...more });
const get = (name = NAME) => site.caller.call(`/v1/schedules/${name}`);
const post = (action: string, name = NAME) =>
  site.caller.call(`/v1/schedules/${name}/${action}`, { method: 'POST' });
const backfill = (span: unknown, name = NAME) =>
  site.caller.send('POST', `/v1/schedules/${name}/backfill`, span);
const remove = (name: string) => site.caller.call(`/v1/schedules/${name}`, { method: 'DELETE' });

const namesOf = ({ json }: Answer): string[] =>
  // By the API's own document.
  (json['schedules'] as { name: string }[]).map(({ name }) => name);

test('each action of a schedule has its effect', async () => {
  const made = await put(nightly());
  expect(made).toMatchObject({ status: 201, json: { name: NAME, done: 'created' } });
  expect(made.headers.get('location')).toBe(`/v1/schedules/${NAME}`);
  expect(await put(nightly())).toMatchObject({ status: 200, json: { done: 'unchanged' } });

  const note = encodeURIComponent('the source is being moved');
  expect(await post(`pause?note=${note}`)).toMatchObject({ status: 200, json: { paused: true } });
  // A change keeps the pause.
  const later = nightly({ schedule: { at: '03:30', timezone: 'Europe/Berlin', days: ['sun'] } });
  expect(await put(later)).toMatchObject({
    status: 200,
    json: { done: 'updated', changed: ['schedule'], schedule: { paused: true } },
  });
  expect(await get()).toMatchObject({
    status: 200,
    json: {
      file: 'sent by billing',
      note: 'the source is being moved',
      schedule: { times: [{ hour: 3, minute: 30 }], timezone: 'Europe/Berlin', days: ['sun'] },
    },
  });
  expect(namesOf(await site.caller.call('/v1/schedules'))).toContain(NAME);

  const run = await post('trigger');
  expect(run.status).toBe(201);
  const id = String(run.json['id']);
  expect(run.headers.get('location')).toBe(`/v1/runs/${encodeURIComponent(id)}`);
  expect((await site.caller.ended(id)).json).toMatchObject({ outcome: 'completed', rows: 3 });
  const trigger = (key: string) =>
    site.caller.call(`/v1/schedules/${NAME}/trigger`, {
      method: 'POST',
      headers: { 'idempotency-key': key },
    });
  const byKey = [await trigger('order 1'), await trigger('order 1')];
  expect(byKey.map(({ status }) => status)).toEqual([201, 200]);
  expect(byKey.map(({ json }) => json['attached'])).toEqual([false, true]);
  expect(byKey[1]?.json['id']).toBe(byKey[0]?.json['id']);
  expectProblem(await trigger(' '.repeat(300)), 400, 'http_bad_request');
  const again = String(byKey[0]?.json['id']);
  expect((await site.caller.ended(again)).json).toMatchObject({ outcome: 'completed', rows: 3 });
  const results = await site.caller.call(`/v1/runs/${encodeURIComponent(id)}/results`);
  expect(results.text.trim().split('\n')).toHaveLength(3);
  await eventually('both are known', async () => {
    const { started, recent } = (await get()).json;
    const reported = JSON.stringify(recent);
    return started === 1 && reported.includes(id) && reported.includes(again);
  });

  const due = ['2026-01-04T02:30:00.000Z'];
  expect(await backfill(SPAN)).toMatchObject({ status: 202, json: { started: due, existing: [] } });

  expect(await post('resume')).toMatchObject({ status: 200, json: { paused: false } });
  expect((await get()).json).toMatchObject({ paused: false });
  expect(await remove(NAME)).toMatchObject({ status: 200, json: { name: NAME } });
  expectProblem(await get(), 404, 'schedule_not_found');
  expectProblem(await remove(NAME), 404, 'schedule_not_found');
});

test('only `replace` gives a name to another owner or to a file', async () => {
  const name = `${NAME}-2`;
  const mine = nightly({ name });
  const body = (owner: string, more = {}) => put(mine, { owner, ...more }, name);
  expect((await body('billing')).status).toBe(201);
  const refused = await body('research');
  expectProblem(refused, 409, 'schedule_conflict');
  expect(refused.json['detail']).toContain('sent by billing');
  expect((await get(name)).json).toMatchObject({ file: 'sent by billing' });

  const file = join(site.testEnv.folder, 'nightly.json');
  await writeFile(file, JSON.stringify({ ...mine, results: [{ to: 'out.jsonl' }] }));
  const options = { taskQueue: site.testEnv.taskQueue, searchAttributes: true };
  const apply = applySchedule(site.testEnv.client, await loadPipeline(file, { env: {} }), options);
  await expect(apply).rejects.toMatchObject({ code: 'schedule_conflict' });

  expect(await body('research', { replace: true })).toMatchObject({
    status: 200,
    json: { done: 'updated', changed: ['file', 'owner'], schedule: { file: 'sent by research' } },
  });
  expectProblem(await body('billing'), 409, 'schedule_conflict');
  // The name of one may begin like that of another.
  expectProblem(await get(`${name}-x`), 404, 'schedule_not_found');
  expect(await remove(name)).toMatchObject({ status: 200, json: { name, droppedRuns: 0 } });
});

test('a schedule that is taken away says how many runs that waited to start went with it', async () => {
  // The first one waits for an approval, as long as it takes; the others wait for it.
  const name = `${NAME}-4`;
  await put(nightly({ name, spend: { approveAbove: 0 } }), {}, name);
  const due = (await backfill({ from: '2026-01-01', to: '2026-01-20' }, name)).json['started'];
  expect(due).toHaveLength(3);
  let first: unknown;
  await eventually('one is in progress, and two wait', async () => {
    // By the API's own document.
    [first] = (await get(name)).json['running'] as unknown[];
    return first !== undefined;
  });
  expect(await remove(name)).toMatchObject({ status: 200, json: { name, droppedRuns: 2 } });
  await site.testEnv.client.workflow.getHandle(String(first)).terminate('the test is over');
});

test('of owners who come at the same moment one gets the name', async () => {
  const name = `${NAME}-3`;
  const owners = ['a', 'b', 'c'];
  const answers = await Promise.all(owners.map((owner) => put(nightly({ name }), { owner }, name)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  const winner = owners[answers.findIndex(({ status }) => status === 201)];
  expect((await get(name)).json).toMatchObject({ file: `sent by ${winner}` });
});

test('a schedule that rowmill did not make is untouched', async () => {
  const name = `${NAME}-other`;
  const handle = await site.testEnv.client.schedule.create({
    scheduleId: name,
    spec: { intervals: [{ every: '30 days' }] },
    action: { type: 'startWorkflow', workflowType: 'other', taskQueue: site.testEnv.taskQueue },
  });
  try {
    expectProblem(await get(name), 404, 'schedule_not_found');
    expectProblem(await remove(name), 404, 'schedule_not_found');
    const body = { replace: true };
    expectProblem(await put(nightly({ name }), body, name), 409, 'schedule_conflict');
    expect(namesOf(await site.caller.call('/v1/schedules'))).not.toContain(name);
  } finally {
    await handle.delete();
  }
});

test.each([
  ['a time zone that is none', { at: '02:30', timezone: 'Europe/Atlantis' }, 'timezone'],
  ['an offset as a zone', { at: '02:30', timezone: '+02:00' }, 'timezone'],
  ['an hour that is none', { at: '25:00' }, 'schedule.at'],
  ['a day that is none', { at: '02:30', days: ['someday'] }, 'schedule.days'],
  ['no day at all', { at: '02:30', days: [] }, 'schedule.days'],
  ['an unknown field', { at: '02:30', every: '1d' }, 'schedule.every'],
])('%s is refused with 422 and its path', async (_what, schedule, path) => {
  const answer = await put(nightly({ schedule }));
  expectProblem(answer, 422, 'spec_invalid');
  expect(JSON.stringify(answer.json['issues'])).toContain(path);
  expectProblem(await get(), 404, 'schedule_not_found');
});

test('an invalid schedule is refused', async () => {
  expectProblem(await put(nightly({ schedule: undefined })), 400, 'usage');
  expectProblem(await put(nightly({ name: 'another' })), 400, 'http_bad_request');
  expectProblem(await put(nightly(), {}, 'Not-A-Name'), 400, 'http_bad_request');
  expectProblem(await put(nightly(), { owner: undefined }), 400, 'http_bad_request');
  expectProblem(await put(nightly(), { owner: ' ' }), 400, 'http_bad_request');
  expectProblem(await put(nightly(), { every: 'night' }), 400, 'http_bad_request');
  expectProblem(await put('name: ['), 422, 'spec_invalid');
  expectProblem(await put(nightly({ results: [{ to: '/tmp/x.jsonl' }] })), 422, 'path_refused');
  const rows = { from: '/etc/passwd.csv', key: 'Symbol' };
  expectProblem(await put(nightly({ rows })), 422, 'path_refused');
  const large = nightly({ table: { description: 'x'.repeat(30_000) } });
  expectProblem(await put(large), 413, 'http_body_too_large');
  const text = { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'name: x' };
  expectProblem(await site.caller.call(`/v1/schedules/${NAME}`, text), 415, 'http_media_type');
  const cut = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"pipe' };
  expectProblem(await site.caller.call(`/v1/schedules/${NAME}`, cut), 400, 'http_bad_request');
  const method = await site.caller.call(`/v1/schedules/${NAME}`, { method: 'PATCH' });
  expectProblem(method, 405, 'http_method_not_allowed');
  expect(method.headers.get('allow')).toBe('DELETE, GET, HEAD, PUT');
  for (const action of ['pause', 'resume', 'trigger']) {
    expectProblem(await post(action), 404, 'schedule_not_found');
    expectProblem(await post(`${action}?why=lunch`), 400, 'http_bad_request');
  }
  expectProblem(await backfill(SPAN), 404, 'schedule_not_found');
  expectProblem(await get(), 404, 'schedule_not_found');
});

test.each([
  ['a day that does not exist', { ...SPAN, to: '2026-02-30' }, 'usage'],
  ['a time on a day that does not exist', { ...SPAN, from: '2026-02-30T00:00:00Z' }, 'usage'],
  ['no day', { ...SPAN, from: 'yesterday' }, 'http_bad_request'],
  ['a time without a zone', { ...SPAN, from: '2026-01-01T00:00:00' }, 'http_bad_request'],
  ['the end before the beginning', { from: SPAN.to, to: SPAN.from }, 'usage'],
  ['the future', { ...SPAN, to: '2999-01-01' }, 'usage'],
  ['no end', { from: SPAN.from }, 'http_bad_request'],
  ['no number of runs', { ...SPAN, maxRuns: 0 }, 'http_bad_request'],
  ['an unknown field', { ...SPAN, most: 3 }, 'http_bad_request'],
])('a backfill with %s is 400', async (_what, span, code) => {
  expectProblem(await backfill(span), 400, code);
});

test('which end of a span is meant is said', async () => {
  expect((await backfill({ ...SPAN, from: '2026-02-30' })).json).toMatchObject({
    where: 'body/from',
  });
  expect((await backfill({ ...SPAN, to: '2026-02-30' })).json).toMatchObject({ where: 'body/to' });
});
