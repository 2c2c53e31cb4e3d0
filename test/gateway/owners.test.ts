import { expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteSchedule } from '../../src/client/schedules/index.ts';
import type { BudgetInfo } from '../../src/contract/budget.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { RowmillError } from '../../src/errors.ts';
import { tokensOf } from '../../src/gateway/tokens.ts';
import { eventually } from '../support/eventually.ts';
import { SECTOR } from '../support/test-env.ts';
import { pipelineOf, type Answer } from './caller.ts';
import { openForTests } from './opened.ts';
import { expectProblem } from './problem.ts';

const BILLING = 'token-of-billing-000000';
const SALES = 'token-of-sales-00000000';
const READER = 'token-of-a-reader-0000';
const STARTER = 'token-of-a-starter-000';
const OTHERS = 'token-that-approves-others';
const ALL = 'token-that-may-do-all-0';

const site = openForTests(async ({ folder }) => {
  const file = join(folder, 'tokens');
  const lines = [
    '# who may do what',
    `${BILLING} owner=billing`,
    `${SALES} owner=sales`,
    `${READER} owner=billing scopes=read`,
    `${STARTER} owner=billing scopes=read,start,act`,
    `${OTHERS} owner=billing scopes=read,start,approve-others`,
  ];
  await writeFile(file, lines.join('\n'));
  return { ROWMILL_GATEWAY_TOKENS: ALL, ROWMILL_GATEWAY_TOKENS_FILE: file };
});

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (token: string, path: string): Promise<Answer> =>
  site.caller.call(path, { headers: as(token) });
const post = (token: string, path: string): Promise<Answer> =>
  site.caller.call(path, { method: 'POST', headers: as(token) });
const send = (token: string, method: string, path: string, body: unknown, key?: string) =>
  site.caller.call(path, {
    method,
    headers: {
      ...as(token),
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: JSON.stringify(body),
  });
const start = (token: string, key: string, changes = {}): Promise<Answer> =>
  send(token, 'POST', '/v1/runs', { pipeline: pipelineOf(changes) }, key);
const keyOf = (name: string): string => `${name}-${site.testEnv.taskQueue}`;
const WAITS = { spend: { approveAbove: 0 } };

test('a caller reaches only the runs that its token covers', async () => {
  const key = keyOf('owned');
  expect((await start(BILLING, key, WAITS)).status).toBe(201);
  for (const path of [
    '',
    '/events',
    '/results',
    '/quarantine',
    '/changes',
    '/report',
    '/manifest',
  ]) {
    expectProblem(await get(SALES, `/v1/runs/${key}${path}`), 404, 'run_not_found');
  }
  for (const action of ['approve', 'pause', 'resume', 'rerun', 'cancel']) {
    expectProblem(await post(SALES, `/v1/runs/${key}/${action}`), 404, 'run_not_found');
  }
  const adjust = { deadline: '8h' };
  expectProblem(await send(SALES, 'POST', `/v1/runs/${key}/adjust`, adjust), 404, 'run_not_found');
  // Nor does it learn what another owner's key stands for.
  const taken = await start(SALES, key, WAITS);
  expectProblem(taken, 409, 'run_conflict');
  expect(taken.json['detail']).toContain('another owner');
  expect((await get(BILLING, `/v1/runs/${key}`)).status).toBe(200);
  expect((await get(ALL, `/v1/runs/${key}`)).status).toBe(200);

  const listed = async (token: string, query = ''): Promise<string[]> => {
    const { json } = await get(token, `/v1/runs?limit=200${query}`);
    return (json['runs'] as { id: string }[]).map(({ id }) => id);
  };
  await eventually('it is so', async () => (await listed(BILLING)).includes(key));
  expect(await listed(ALL, '&owner=billing')).toContain(key);
  expect(await listed(SALES)).not.toContain(key);
  expect(await listed(SALES, '&owner=billing')).not.toContain(key);
  expect((await post(BILLING, `/v1/runs/${key}/cancel`)).status).toBe(202);
});

test('scopes: a request beyond those of its token is 403 without effect', async () => {
  const key = keyOf('scopes');
  expectProblem(await start(READER, key), 403, 'http_not_allowed');
  expectProblem(await get(READER, `/v1/runs/${key}`), 404, 'run_not_found');
  expect((await start(STARTER, key, WAITS)).status).toBe(201);
  expect((await get(READER, `/v1/runs/${key}`)).status).toBe(200);
  expectProblem(await post(READER, `/v1/runs/${key}/pause`), 403, 'http_not_allowed');
  expectProblem(await post(STARTER, `/v1/runs/${key}/approve`), 403, 'http_not_allowed');
  const approved = { pipeline: pipelineOf(), approve: true };
  const other = await send(STARTER, 'POST', '/v1/runs', approved, keyOf('approved'));
  expectProblem(other, 403, 'http_not_allowed');
  expectProblem(await get(STARTER, `/v1/runs/${keyOf('approved')}`), 404, 'run_not_found');
  expect((await post(STARTER, `/v1/runs/${key}/cancel`)).status).toBe(202);
});

test('an approval can be kept from the token that started the run', async () => {
  const stage = async (key: string): Promise<unknown> =>
    (await get(ALL, `/v1/runs/${key}`)).json['stage'];
  const own = keyOf('own');
  expect((await start(OTHERS, own, WAITS)).status).toBe(201);
  await eventually('it is so', async () => (await stage(own)) === 'waiting for approval');
  const refused = await post(OTHERS, `/v1/runs/${own}/approve`);
  expectProblem(refused, 403, 'http_not_allowed');
  expect(await stage(own)).toBe('waiting for approval');
  const theirs = keyOf('theirs');
  expect((await start(STARTER, theirs, WAITS)).status).toBe(201);
  await eventually('it is so', async () => (await stage(theirs)) === 'waiting for approval');
  expect((await post(OTHERS, `/v1/runs/${theirs}/approve`)).status).toBe(202);
  expect((await post(ALL, `/v1/runs/${own}/approve`)).status).toBe(202);
});

test('a rerun stays the run of its owner', async () => {
  const key = keyOf('again');
  expect((await start(BILLING, key)).status).toBe(201);
  await site.caller.call(`/v1/runs/${key}/events`, { headers: as(BILLING) });
  const rerun = await post(ALL, `/v1/runs/${key}/rerun`);
  expect(rerun.status).toBe(202);
  const path = `/v1/runs/${String(rerun.json['id'])}`;
  expect((await get(BILLING, path)).status).toBe(200);
  expectProblem(await get(SALES, path), 404, 'run_not_found');
});

test('only the owner reaches a schedule or its runs', async () => {
  const name = `owned-${process.pid}`;
  const path = `/v1/schedules/${name}`;
  const pipeline = pipelineOf({ name, ...WAITS, schedule: { at: '02:30' } });
  try {
    const foreign = await send(SALES, 'PUT', path, { pipeline, owner: 'billing' });
    expectProblem(foreign, 403, 'http_not_allowed');
    expect((await send(BILLING, 'PUT', path, { pipeline, owner: 'billing' })).status).toBe(201);
    const taken = { pipeline, owner: 'sales', replace: true };
    expectProblem(await send(SALES, 'PUT', path, taken), 409, 'schedule_conflict');
    expectProblem(await get(SALES, path), 404, 'schedule_not_found');
    for (const action of ['pause', 'resume', 'trigger']) {
      expectProblem(await post(SALES, `${path}/${action}`), 404, 'schedule_not_found');
    }
    const gone = await site.caller.call(path, { method: 'DELETE', headers: as(SALES) });
    expectProblem(gone, 404, 'schedule_not_found');
    const names = async (token: string): Promise<string[]> =>
      ((await get(token, '/v1/schedules')).json['schedules'] as { name: string }[]).map(
        (schedule) => schedule.name,
      );
    await eventually('it is so', async () => (await names(BILLING)).includes(name));
    expect(await names(SALES)).not.toContain(name);
    const triggered = await post(BILLING, `${path}/trigger`);
    expect(triggered.status).toBe(201);
    const run = `/v1/runs/${encodeURIComponent(String(triggered.json['id']))}`;
    expect((await get(BILLING, run)).status).toBe(200);
    expectProblem(await get(SALES, run), 404, 'run_not_found');
    expect((await post(BILLING, `${run}/cancel`)).status).toBe(202);
  } finally {
    await deleteSchedule(site.testEnv.client, name).catch(() => undefined);
  }
});

test.each([
  ['an unknown word', 'colour=red'],
  ['an unknown scope', 'scopes=read,everything'],
  ['an owner that is no name', 'owner=a/b'],
  ['runs=own of nobody', 'runs=own'],
  ['a word twice', 'owner=a owner=b'],
])('%s behind a token is refused, without the token', async (_name, rest) => {
  const file = join(site.testEnv.folder, 'wrong-tokens');
  await writeFile(file, `a-token-that-is-secret ${rest}\n`);
  expect(() => tokensOf('', file)).toThrow(RowmillError);
  expect(() => tokensOf('', file)).not.toThrow(/a-token-that-is-secret/);
});

test('a token of one owner sees the spend of its runs only', async () => {
  const key = keyOf('spends');
  await start(BILLING, key);
  await eventually(
    'it has ended',
    async () => (await get(BILLING, `/v1/runs/${key}`)).json['summary'] !== null,
  );
  const runs = async (token: string): Promise<string[]> => {
    const { json } = await get(token, '/v1/spend?by=run');
    return (json['groups'] as { name: string }[]).map(({ name }) => name);
  };
  expect(await runs(BILLING)).toContain(key);
  expect(await runs(ALL)).toContain(key);
  expect(await runs(SALES)).not.toContain(key);
});

test('a token of one owner sees of its budgets only its own runs', async () => {
  const budget = `shared-${site.testEnv.taskQueue}`
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, 60);
  const spend = { perDay: { maxCredits: 100, budget, timezone: 'UTC' } };
  const ids = { billing: keyOf('budget-of-billing'), all: keyOf('budget-of-nobody') };
  for (const [token, key] of [
    [BILLING, ids.billing],
    [ALL, ids.all],
  ] as const) {
    expect((await start(token, key, { spend })).status).toBe(201);
    await eventually(
      'it has ended',
      async () => (await get(token, `/v1/runs/${key}`)).json['summary'] !== null,
    );
  }
  const found = async (token: string) => {
    const { json } = await get(token, '/v1/budgets');
    return (json['budgets'] as BudgetInfo[]).find(({ name }) => name === budget);
  };
  await eventually('it is listed', async () => (await found(ALL)) !== undefined);
  const runsOf = (info: BudgetInfo | undefined) => info?.runs.map(({ run }) => run).sort();
  expect(runsOf(await found(ALL))).toEqual([ids.billing, ids.all].sort());
  const own = await found(BILLING);
  expect(runsOf(own)).toEqual([ids.billing]);
  // What is left is that of all.
  expect(own?.reserved).toBe((await found(ALL))?.reserved);
  expect(await found(SALES)).toBeUndefined();
});

test('a night over everything on a lasting table is asked for by its body', async () => {
  const pipeline = pipelineOf({});
  const table = { kind: 'company', columns: [SECTOR], keep: true };
  const night = (name: string, options: object) =>
    send(
      BILLING,
      'POST',
      '/v1/runs',
      { pipeline: { ...pipeline, table }, ...options },
      keyOf(name),
    );
  const dueOf = async (name: string) => {
    const path = `/v1/runs/${keyOf(name)}`;
    await eventually(
      'it has ended',
      async () => (await get(BILLING, path)).json['summary'] !== null,
    );
    const { summary } = (await get(BILLING, path)).json as { summary: RunSummary };
    return summary.incremental?.due;
  };
  expect((await night('first-night', {})).status).toBe(201);
  const { new: cells } = (await dueOf('first-night')) ?? {};
  expect(cells).toBeGreaterThan(0);
  expect((await night('next-night', {})).status).toBe(201);
  expect(await dueOf('next-night')).toEqual({});
  expect((await night('full-night', { night: { full: true } })).status).toBe(201);
  expect(await dueOf('full-night')).toEqual({ all: cells });
  expectProblem(await night('odd-night', { night: { dark: true } }), 400, 'http_bad_request');
});
