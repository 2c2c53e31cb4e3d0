import { afterEach, expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import type { TableWithStatus } from '../../sandbox/index.ts';
import { Caller, SECTOR } from './caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

type Rule = NonNullable<FaultScript['requests']>[number];

const withFaults = async (...requests: Rule[]): Promise<void> => {
  caller = await Caller.start({ faults: { seed: 7, requests } });
};

/** The status of a reply, or how it broke. */
async function look(path = '/v1/user', method = 'GET'): Promise<number | 'broken'> {
  try {
    return (await caller.call(method, path, method === 'POST' ? {} : undefined)).status;
  } catch {
    return 'broken';
  }
}

const looks = async (count: number, path?: string): Promise<(number | 'broken')[]> => {
  const seen: (number | 'broken')[] = [];
  for (let n = 0; n < count; n += 1) seen.push(await look(path));
  return seen;
};

const raw = (path: string): Promise<Response> =>
  fetch(caller.sandbox.url + path, { headers: { authorization: 'Bearer secret' } });

const USER = 'GET /v1/user';

test.each<[string, Omit<Rule, 'on' | 'fault'>, string]>([
  ['nth', { nth: 2 }, '.x....'],
  ['a list', { nth: [1, 4] }, 'x..x..'],
  ['every', { every: 3 }, '..x..x'],
  ['from and to', { from: 2, to: 4 }, '.xxx..'],
  ['from alone', { from: 4 }, '...xxx'],
  ['times', { times: 2 }, 'xx....'],
  ['for so long from then on', { nth: 3, lastsMs: 60_000 }, '..xxxx'],
  ['while no row is there', { while: { rows: { below: 1 } } }, 'xxxxxx'],
  ['while there are rows', { while: { rows: { atLeast: 1 } } }, '......'],
])('chosen by %s', async (_what, choice, expected) => {
  await withFaults({ ...choice, name: 'it', on: USER, fault: 'denied' });
  const seen = await looks(6);
  expect(seen.map((status) => (status === 401 ? 'x' : '.')).join('')).toBe(expected);
  expect(caller.sandbox.faults.hits).toEqual({ it: expected.split('x').length - 1 });
});

test('chosen by probability: the same seed, the same requests', async () => {
  const rule: Rule = { on: USER, fault: 'denied', probability: 0.4 };
  await withFaults(rule);
  const first = await looks(30);
  await caller.sandbox.close();
  await withFaults(rule);
  expect(await looks(30)).toEqual(first);
  const struck = first.filter((status) => status === 401).length;
  expect([struck > 5, struck < 25]).toEqual([true, true]);
});

test.each([
  ['* /**', [401, 401, 401]],
  ['GET|POST /v1/tables', [200, 401, 200]],
  ['GET /v1/tables/{id}', [200, 200, 401]],
  ['GET /v1/tables/*', [200, 200, 401]],
  ['GET /v1/ta*', [200, 401, 200]],
  ['GET /v1/tables/**', [200, 401, 401]],
])('chosen by path: %s', async (on, expected) => {
  caller = await Caller.start({ faults: { requests: [{ on, fault: 'denied', from: 1 }] } });
  const id = caller.sandbox.state.tableIds.id(0);
  const seen = await Promise.all(
    ['/v1/user', '/v1/tables', `/v1/tables/${id}`].map((p) => look(p)),
  );
  // No table is there: what is let through is not found.
  expect(seen.map((status) => (status === 404 ? 200 : status))).toEqual(expected);
});

test('chosen by what is asked', async () => {
  await withFaults({ on: 'POST /v1/tables/*/run', where: { mode: 'failed' }, fault: 'denied' });
  const table = await caller.table([SECTOR], ['3M']);
  expect((await caller.run(table.id, { mode: 'new' })).status).toBe(200);
  expect((await caller.run(table.id, { mode: 'failed' })).status).toBe(401);
});

test('no rule applies after one that ends the request', async () => {
  await withFaults(
    { name: 'a', on: USER, fault: 'denied', times: 1 },
    { name: 'b', on: USER, fault: 'reset', times: 1 },
  );
  expect(await looks(3)).toEqual([401, 'broken', 200]);
  expect(caller.sandbox.faults.hits).toEqual({ a: 1, b: 1 });
});

test('a connection is reset before or after the request is processed', async () => {
  await withFaults(
    { on: 'POST /v1/tables', fault: 'reset', phase: 'before', nth: 1 },
    { on: 'POST /v1/tables', fault: 'reset', phase: 'after', nth: 2 },
  );
  expect(await look('/v1/tables', 'POST')).toBe('broken');
  expect(caller.sandbox.ledger.summary().tablesCreated).toBe(0);
  expect(await look('/v1/tables', 'POST')).toBe('broken');
  expect(caller.sandbox.ledger.summary().tablesCreated).toBe(1);
});

test('a late commit is executed after the client has left', async () => {
  await withFaults({ on: 'POST /v1/tables', fault: 'late', afterMs: 20, then: 504 });
  const reply = await fetch(`${caller.sandbox.url}/v1/tables`, {
    method: 'POST',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
    body: '{}',
  });
  expect([reply.status, await reply.text()]).toEqual([504, expect.stringContaining('<h1>504')]);
  while (caller.sandbox.ledger.summary().tablesCreated === 0) await new Promise(setImmediate);
});

test('each kind of refusal is answered in each of its forms', async () => {
  await withFaults(
    { on: USER, fault: 'error', status: 503, nth: 1 },
    { on: USER, fault: 'rate-limit', seconds: 3, nth: 2 },
    { on: USER, fault: 'rate-limit', retryAfter: 'date', seconds: 3, nth: 3 },
    { on: USER, fault: 'rate-limit', retryAfter: 'none', nth: 4 },
    { on: USER, fault: 'payment', reason: 'plan_required', nth: 5 },
    { on: USER, fault: 'payment', reason: 'payment_failed', nth: 6 },
    { on: USER, fault: 'payment', reason: 'insufficient_credits', nth: 7 },
    { on: USER, fault: 'denied', nth: 8 },
    { on: USER, fault: 'denied', status: 403, nth: 9 },
  );
  const seen = [];
  for (let n = 0; n < 9; n += 1) {
    const reply = await raw('/v1/user');
    seen.push([reply.status, reply.headers.get('retry-after'), (await reply.text()).slice(0, 60)]);
  }
  expect(seen).toEqual([
    [503, null, expect.stringContaining('<html>')],
    [429, '3', expect.anything()],
    [429, expect.stringMatching(/GMT$/), expect.anything()],
    [429, null, expect.anything()],
    [402, null, expect.stringContaining('plan_required')],
    [402, null, expect.stringContaining('payment_failed')],
    [402, null, expect.stringContaining('insufficient_cr')],
    [401, null, expect.anything()],
    [403, null, expect.anything()],
  ]);
});

test('a body is spoiled in each of the five ways', async () => {
  await withFaults(
    { on: USER, fault: 'truncate', bytes: 5, nth: 1 },
    { on: USER, fault: 'slow-body', bytes: 50, everyMs: 1, nth: 2 },
    { on: USER, fault: 'slow-body', bytes: 1, everyMs: 5, atMostMs: 10, then: 'reset', nth: 3 },
    { on: USER, fault: 'content-type', nth: 4 },
    { on: USER, fault: 'empty', nth: 5 },
  );
  await expect((await raw('/v1/user')).text()).rejects.toThrow();
  expect(await (await raw('/v1/user')).json()).toMatchObject({ available_credits: 1_000_000 });
  // A reset may overtake what was sent before it, the head of the reply included.
  await expect(raw('/v1/user').then((reply) => reply.text())).rejects.toThrow();
  const typed = await raw('/v1/user');
  expect([typed.headers.get('content-type'), await typed.json()]).toEqual([
    'text/html; charset=utf-8',
    expect.anything(),
  ]);
  expect(await (await raw('/v1/user')).text()).toBe('');
});

test('a rewritten reply keeps its answers', async () => {
  const data = 'GET /v1/tables/{id}/data';
  await withFaults(
    { on: data, fault: 'control-characters', nth: 2 },
    { on: data, fault: 'unknown', words: { done: 'finished' }, nth: 3 },
  );
  const table = await caller.table([SECTOR], ['3M']);
  await caller.run(table.id);
  caller.pass(1_000_000);
  const [plain] = await caller.rows(table.id);
  const text = await (await raw(`/v1/tables/${table.id}/data`)).text();
  expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  expect(JSON.parse(text.replace(/[\u0000-\u001f]/g, ' '))).toMatchObject({
    rows: [{ id: plain?.id, data: { company_name: plain?.data['company_name'] } }],
  });
  const { body } = await caller.call('GET', `/v1/tables/${table.id}/data`);
  expect(body).toMatchObject({
    x_added_lately: { since: 2031 },
    rows: [{ data: { sector: { ...plain?.data['sector'], status: 'finished' } } }],
  });
});

test('pages are shifted, repeated or have a hole', async () => {
  const on = 'GET /v1/tables/*/data';
  await withFaults(
    { on, fault: 'pages', how: 'shift', rows: 2, nth: 1 },
    { on, fault: 'pages', how: 'shift', rows: -2, nth: 2 },
    { on, fault: 'pages', how: 'repeat', nth: 3 },
    { on, fault: 'pages', how: 'miss', nth: 4 },
  );
  const table = await caller.table([], ['a', 'b', 'c', 'd', 'e', 'f']);
  const inputs = async (query: string): Promise<string> =>
    (await caller.rows(table.id, query))
      .map(({ data }) => JSON.stringify(data['input']?.value))
      .join('')
      .replaceAll('"', '');
  expect(await inputs('?limit=3')).toBe('cde');
  expect(await inputs('?offset=3&limit=3')).toBe('bcd');
  expect(await inputs('?limit=3')).toBe('abca');
  expect(await inputs('?limit=3')).toHaveLength(2);
  expect(await inputs('?limit=3')).toBe('abc');
});

test('status lag shows cells as they were, rows as they are', async () => {
  await withFaults({ on: 'GET /v1/tables/*', fault: 'status-lag', ms: 60_000 });
  const table = await caller.table([SECTOR]);
  await caller.status(table.id);
  await caller.addRows(table.id, ['3M']);
  await caller.run(table.id);
  const { body } = await caller.call<TableWithStatus>('GET', `/v1/tables/${table.id}`);
  expect(body.status).toMatchObject({ num_rows: 1, num_cells_in_progress: 0, run_status: 'idle' });
});

test('the ledger counts the hits of every rule, zero included', async () => {
  await withFaults({ on: USER, fault: 'denied', nth: 1 }, { on: USER, fault: 'reset', nth: 9 });
  await look();
  const { body } = await caller.call('GET', '/_sandbox/ledger');
  expect(body).toMatchObject({
    faults: { hits: { 'denied GET /v1/user #1': 1, 'reset GET /v1/user #2': 0 } },
  });
});
