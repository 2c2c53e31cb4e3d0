import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { agent, Caller, PITCH, SECTOR, type Refusal } from './caller.ts';

let caller: Caller;
beforeAll(async () => {
  caller = await Caller.start();
});
afterAll(() => caller.sandbox.close());

const create = (columns: unknown[], more: object = {}) =>
  caller.call<Refusal>('POST', '/v1/tables', { column_configs: columns, ...more });

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer wrong' }],
  ['a token of the same length', { authorization: 'Bearer secreT' }],
  ['another scheme', { authorization: 'Basic secret' }],
])('%s is answered with 401', async (_name, headers) => {
  for (const path of ['/v1/user', '/v1/tables', '/_sandbox/ledger']) {
    const { status, body } = await caller.call<Refusal>('GET', path, undefined, headers);
    expect(status).toBe(401);
    expect(typeof body.detail).toBe('string');
  }
});

test('the health check needs no token', async () => {
  expect((await caller.call('GET', '/v1/healthcheck', undefined, {})).status).toBe(200);
});

test.each<[string, unknown[], object, unknown[]]>([
  ['a kind that does not exist', [], { kind: 'firm' }, ['body', 'kind']],
  [
    'a column without key',
    [{ kind: 'input', name: 'A' }],
    {},
    ['body', 'column_configs', 0, 'key'],
  ],
  [
    'an unknown column kind',
    [{ kind: 'x', name: 'A', key: 'a' }],
    {},
    ['body', 'column_configs', 0, 'kind'],
  ],
  [
    'an unknown agent',
    [agent('a', '', { agent_type: 'gpt' })],
    {},
    ['body', 'column_configs', 0, 'value', 'agent_type'],
  ],
  [
    'an unknown format',
    [SECTOR, agent('a', '', { output_format: 'xml' })],
    {},
    ['body', 'column_configs', 1, 'value', 'output_format'],
  ],
  ['a mention of nothing', [PITCH], {}, ['body', 'column_configs', 0, 'value', 'prompt']],
  ['a key used twice', [SECTOR, SECTOR], {}, ['body', 'column_configs', 0, 'key']],
  ['columns in a circle', [agent('a', '{b}'), agent('b', '{a}')], {}, ['body', 'column_configs']],
  [
    'a choice without labels',
    [agent('a', 'x', { output_format: 'select' })],
    {},
    ['body', 'column_configs', 0, 'value', 'labels'],
  ],
  [
    'json without a schema',
    [agent('a', 'x', { output_format: 'json' })],
    {},
    ['body', 'column_configs', 0, 'value', 'output_schema'],
  ],
  [
    'research_pro on people',
    [agent('a', 'x')],
    { kind: 'people' },
    ['body', 'column_configs', 0, 'value', 'agent_type'],
  ],
  [
    'a people finder without roles',
    [{ kind: 'company_people_finder', name: 'P', key: 'p', value: { roles: [] } }],
    {},
    ['body', 'column_configs', 0, 'value', 'roles'],
  ],
])('%s is answered with 422 at its place', async (_name, columns, more, loc) => {
  const before = caller.sandbox.ledger.summary().tablesCreated;
  const { status, body } = await create(columns, more);
  expect(status).toBe(422);
  expect(body).toMatchObject({
    detail: expect.arrayContaining([{ loc, msg: expect.any(String), type: expect.any(String) }]),
  });
  expect(caller.sandbox.ledger.summary().tablesCreated).toBe(before);
});

test('a body that is no JSON object is answered with 422', async () => {
  for (const body of ['{"name": ', '[1]', '"x"', undefined]) {
    const { status, body: refusal } = await caller.call<Refusal>('POST', '/v1/tables', body);
    expect(status).toBe(422);
    expect(Array.isArray(refusal.detail)).toBe(true);
  }
});

test('more than 50 rows in one request are refused whole', async () => {
  const table = await caller.table([]);
  const rows = Array.from({ length: 51 }, (_, at) => ({ data: { input: `C${at}` } }));
  const { status } = await caller.call('POST', `/v1/tables/${table.id}/rows`, { rows });
  expect(status).toBe(422);
  expect((await caller.status(table.id)).num_rows).toBe(0);
});

test('row data goes into input columns only', async () => {
  const table = await caller.table([SECTOR]);
  for (const data of [{ inputt: 'x' }, { sector: 'x' }]) {
    const rows = [{ data: { input: 'ok' } }, { data }];
    const { status } = await caller.call('POST', `/v1/tables/${table.id}/rows`, { rows });
    expect(status).toBe(422);
  }
  expect((await caller.status(table.id)).num_rows).toBe(0);
});

test('a run with a wrong mode or foreign ids is refused', async () => {
  const table = await caller.table([SECTOR], ['3M']);
  const other = await caller.table([SECTOR], ['3M']);
  const foreignRow = (await caller.rows(other.id))[0]?.id;
  for (const request of [
    { mode: 'stuck' },
    { rows: [foreignRow] },
    { rows: ['x'] },
    { columns: [other.columns[4]?.id] },
  ]) {
    expect((await caller.run(table.id, request)).status).toBe(422);
  }
  expect((await caller.status(table.id)).run_status).toBe('idle');
});

test('what does not exist is answered with 404', async () => {
  for (const path of ['', '/data', '/rows/x']) {
    const { status, body } = await caller.call<Refusal>('GET', `/v1/tables/nope${path}`);
    expect([status, body]).toEqual([404, { detail: 'Table not found' }]);
  }
  expect((await caller.run('nope')).status).toBe(404);
  expect((await caller.call('GET', '/v1/nothing')).body).toEqual({ detail: 'Not Found' });
});
