import { afterEach, expect, test } from '@jest/globals';
import type { Action, Seen } from '../../sandbox/index.ts';
import { Caller, SECTOR } from './caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

type Phase = Seen['phase'];

/** Meets the given requests (`METHOD route`) with an action. */
const meeting = async (route: string, phase: Phase, action: Action): Promise<void> => {
  caller = await Caller.start({
    intercept: (seen) =>
      `${seen.method} ${seen.route}` === route && seen.phase === phase && seen.nth === 1
        ? action
        : undefined,
  });
};

const CREATE = 'POST /v1/tables';
const create = () => caller.call('POST', '/v1/tables', { name: 'A', column_configs: [SECTOR] });
const tables = () => caller.sandbox.ledger.summary().tablesCreated;
const counted = () => caller.sandbox.ledger.summary().requests.byRoute[CREATE];

test('a reset before processing: nothing was done', async () => {
  await meeting(CREATE, 'before', { do: 'reset' });
  await expect(create()).rejects.toThrow();
  expect(tables()).toBe(0);
  expect((await create()).status).toBe(200);
  expect(counted()).toEqual({ cut: 1, '200': 1 });
});

test('a request reset after processing is done', async () => {
  await meeting(CREATE, 'after', { do: 'reset' });
  await expect(create()).rejects.toThrow();
  expect(tables()).toBe(1);
});

test('another reply, before or after processing', async () => {
  const reply: Action = {
    do: 'reply',
    status: 503,
    headers: { 'content-type': 'application/json', 'retry-after': '7' },
    body: '{"detail":"later"}',
  };
  await meeting(CREATE, 'before', reply);
  const first = await create();
  expect([first.status, first.headers.get('retry-after'), first.body]).toEqual([
    503,
    '7',
    { detail: 'later' },
  ]);
  expect(tables()).toBe(0);
  expect(counted()).toEqual({ '503': 1 });
  await caller.sandbox.close();
  await meeting(CREATE, 'after', reply);
  expect((await create()).status).toBe(503);
  expect(tables()).toBe(1);
});

test('only the body of a truncated reply is cut', async () => {
  await meeting(CREATE, 'after', { do: 'truncate', bytes: 20 });
  const reply = await fetch(`${caller.sandbox.url}/v1/tables`, {
    method: 'POST',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
    body: '{}',
  });
  expect(reply.status).toBe(200);
  await expect(reply.text()).rejects.toThrow();
  expect(tables()).toBe(1);
});

test('a table of a late commit appears after the connection broke', async () => {
  await meeting(CREATE, 'before', { do: 'late', afterMs: 20, then: 'reset' });
  await expect(create()).rejects.toThrow();
  while (tables() === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(tables()).toBe(1);
});

test('the hook sees each request with its reply', async () => {
  const seen: Seen[] = [];
  caller = await Caller.start({
    intercept: (one) => {
      seen.push(one);
      if (one.route !== '/v1/user') return undefined;
      one.raw.writeHead(200, { 'content-type': 'application/json' });
      one.raw.end('{"mine":true}');
      return { do: 'taken' };
    },
  });
  const table = await caller.table([SECTOR]);
  expect((await caller.call('GET', '/v1/user')).body).toEqual({ mine: true });
  await caller.addRows(table.id, ['3M']);
  expect(
    seen.map(({ phase, method, route, serial, nth }) => [phase, method, route, serial, nth]),
  ).toEqual([
    ['before', 'POST', '/v1/tables', 1, 1],
    ['after', 'POST', '/v1/tables', 1, 1],
    ['before', 'GET', '/v1/user', 2, 1],
    ['before', 'POST', '/v1/tables/:table_id/rows', 3, 1],
    ['after', 'POST', '/v1/tables/:table_id/rows', 3, 1],
  ]);
  expect(seen.at(-1)).toMatchObject({
    params: { table_id: table.id },
    body: { rows: [{ data: { input: '3M' } }] },
    reply: { status: 200, body: expect.stringContaining('3M') },
  });
});
