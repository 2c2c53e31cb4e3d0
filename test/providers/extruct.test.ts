import { afterEach, expect, test } from '@jest/globals';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { TableRef } from '../../src/contract/table.ts';
import { createExtructProvider, pageForPeople } from '../../src/providers/extruct/provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { failureOf } from '../http/calls.ts';
import { closeServers, json, serve } from '../http/server.ts';
import type { Received, TestServer } from '../http/server.ts';

afterEach(closeServers);

/** A provider in front of a server that answers each request with the next of the replies. */
async function facing(...replies: unknown[]): Promise<{ provider: Provider; server: TestServer }> {
  const server = await serve((res, request, nth) => json(replies[nth - 1])(res, request, nth));
  return { provider: createExtructProvider({ baseUrl: server.url, token: 'a-token' }), server };
}

const requestsOf = (server: TestServer): string[] =>
  server.received.map(({ method, url }) => `${method} ${url}`);

const bodyOf = (request: Received | undefined): unknown => JSON.parse(request?.body ?? 'null');

const column = (key: string, kind = 'agent', value?: object) => ({
  id: `id-${key}`,
  created_at: '2026-01-01T00:00:00Z',
  config: { kind, key, name: key.toUpperCase(), ...(value === undefined ? {} : { value }) },
});

const companyColumns = [
  column('input', 'input'),
  column('company_profile', 'company_profile'),
  column('company_name', 'company_name'),
  column('company_website', 'company_website'),
];

const spec: TableSpec = {
  tags: ['nightly', 'rowmill'],
  columns: [
    { kind: 'agent', key: 'sector', name: 'Sector', value: { prompt: 'Of {input}?' } },
    { kind: 'agent', key: 'rivals', name: 'Rivals', value: { prompt: 'In {sector}?' } },
  ],
};
const sector = column('sector', 'agent', { prompt: 'Of {input}?' });
const rivals = column('rivals', 'agent', { prompt: 'In {sector}?' });

const table: TableRef = {
  id: 't/1',
  url: null,
  columns: ['input', 'sector', 'rivals'].map((key) => ({
    id: `id-${key}`,
    key,
    name: key,
    input: key === 'input',
    ours: key !== 'input',
    dependsOn: [],
  })),
};

test.each([
  [{ available_credits: 12.5, organization_name: 'Acme', email: 'a@b' }, 12.5, 'Acme'],
  [{ available_credits: '40', organization_name: null, email: 'a@b' }, 40, 'a@b'],
  [{ available_credits: 'plenty', user_id: 7 }, null, '7'],
  [{ user_id: 'u' }, null, 'u'],
])('account %j', async (user, credits, label) => {
  const { provider, server } = await facing(user);
  expect(await provider.account({})).toEqual({ credits, label });
  expect(server.received[0]).toMatchObject({ method: 'GET', url: '/v1/user' });
  expect(server.received[0]?.headers.authorization).toBe('Bearer a-token');
});

test('tables are found by the exact tag, oldest first', async () => {
  const listed = (id: string, day: number, tags?: string[]) => ({
    id,
    created_at: `2026-01-0${day}T00:00:00Z`,
    num_rows: day,
    ...(tags === undefined ? {} : { tags }),
  });
  const { provider, server } = await facing({
    tables: [
      listed('b', 3, ['run-1']),
      listed('x', 1, ['run-11']),
      listed('a', 2, ['other', 'run-1']),
    ],
  });
  expect(await provider.findTables('run-1', {})).toEqual([
    { id: 'a', createdAt: '2026-01-02T00:00:00Z', rows: 2 },
    { id: 'b', createdAt: '2026-01-03T00:00:00Z', rows: 3 },
  ]);
  expect(requestsOf(server)).toEqual([
    'GET /v1/tables?tags=run-1&offset=0&limit=100&sort=created_at',
  ]);
});

test('a table that is listed without tags is ours only when it shows the tag itself', async () => {
  const created_at = '2026-01-01T00:00:00Z';
  const listed = (id: string) => ({ id, created_at, num_rows: 900, tags: null });
  const { provider, server } = await facing(
    [listed('theirs'), listed('hidden'), { id: 'ours', created_at }],
    { id: 'theirs', created_at, tags: ['customers'], status: { num_rows: 900 } },
    { id: 'hidden', created_at, tags: null },
    { id: 'ours', created_at, tags: ['run-1'] },
  );
  // One that does not say how many rows it has does not count as empty.
  expect(await provider.findTables('run-1', {})).toEqual([
    { id: 'ours', createdAt: created_at, rows: null },
  ]);
  expect(requestsOf(server).slice(1)).toEqual([
    'GET /v1/tables/theirs',
    'GET /v1/tables/hidden',
    'GET /v1/tables/ours',
  ]);
});

test('of a list that is not filtered no more than the newest tables are read by themselves', async () => {
  const created_at = '2026-01-01T00:00:00Z';
  const all = Array.from({ length: 99 }, (_, nth) => ({ id: `t${nth}`, created_at, tags: null }));
  const { provider, server } = await facing(all, ...all.map(({ id }) => ({ id, tags: null })));
  expect(await provider.findTables('run-1', {})).toEqual([]);
  expect(requestsOf(server)).toHaveLength(21);
  expect(requestsOf(server).at(-1)).toBe('GET /v1/tables/t98');
});

test('a list that is not filtered is read on to its end, even if it repeats itself', async () => {
  const others = Array.from({ length: 100 }, (_, nth) => ({
    id: `other-${nth}`,
    created_at: '2026-01-01T00:00:00Z',
    tags: [],
  }));
  const mine = { id: 'mine', created_at: '2026-01-01T00:00:00Z', tags: ['run-1'] };
  const paged = await facing(others, [mine]);
  expect((await paged.provider.findTables('run-1', {})).map(({ id }) => id)).toEqual(['mine']);
  const stuck = await facing(others, others);
  expect(await stuck.provider.findTables('run-1', {})).toEqual([]);
  expect(stuck.server.received.length).toBe(2);
});

test('a table is created with tag, kind and the columns as they are', async () => {
  const { provider, server } = await facing({
    id: 't1',
    kind: 'company',
    columns: [...companyColumns, sector, rivals],
    news: 'of tomorrow',
  });
  const ref = await provider.createTable(spec, 'nightly run', 'run-1', {});
  expect(bodyOf(server.received[0])).toEqual({
    name: 'nightly run',
    kind: 'company',
    tags: ['run-1', 'rowmill', 'nightly'],
    column_configs: spec.columns,
  });
  expect(ref).toMatchObject({ id: 't1', url: null });
  const facts = ref.columns.map(({ key, input, ours, dependsOn }) => [key, input, ours, dependsOn]);
  expect(facts).toEqual([
    ['input', true, false, []],
    ['company_profile', false, false, []],
    ['company_name', false, false, ['company_profile']],
    ['company_website', false, false, ['company_profile']],
    ['sector', false, true, ['company_name', 'company_website']],
    ['rivals', false, true, ['sector', 'company_name', 'company_website']],
  ]);
  expect(ref.columns[4]).toMatchObject({ id: 'id-sector', name: 'SECTOR' });
});

test('only columns that are missing are made', async () => {
  const before = { id: 't1', columns: [...companyColumns, sector] };
  const { provider, server } = await facing(before, { columns: [rivals] });
  const ref = await provider.ensureColumns({ id: 't1' }, spec, {});
  expect(requestsOf(server)).toEqual(['GET /v1/tables/t1', 'POST /v1/tables/t1/columns']);
  expect(bodyOf(server.received[1])).toEqual({ column_configs: [spec.columns[1]] });
  expect(ref.columns.map(({ key }) => key)).toEqual([
    'input',
    'company_profile',
    'company_name',
    'company_website',
    'sector',
    'rivals',
  ]);
});

test('a table that has all columns is only read', async () => {
  const { provider, server } = await facing({ id: 't1', columns: [sector, rivals] });
  await provider.ensureColumns({ id: 't1' }, spec, {});
  expect(requestsOf(server)).toEqual(['GET /v1/tables/t1']);
});

test('when the reply does not name the new columns, the table is read again', async () => {
  const full = { id: 't1', columns: [sector, rivals] };
  const { provider } = await facing({ id: 't1', columns: [] }, [], full);
  expect((await provider.ensureColumns({ id: 't1' }, spec, {})).columns.length).toBe(2);
  const never = await facing({ id: 't1', columns: [] }, [], { id: 't1', columns: [] });
  const failure = await failureOf(never.provider.ensureColumns({ id: 't1' }, spec, {}));
  expect(failure).toMatchObject({ code: 'reply_unreadable', ambiguous: true });
});

test('ids of rows come back in the order sent, whatever the order of the reply', async () => {
  const rows = ['A', 'B', 'C'].map((key) => ({ key, input: { input: `${key}.com` } }));
  const made = (id: string, key: string) => ({ id, data: {}, metadata: { rowmill_key: key } });
  const { provider, server } = await facing(
    { rows: [made('3', 'C'), made('1', 'A'), made('2', 'B')] },
    [{ id: 'x' }, { id: 'y' }, { id: 'z' }],
  );
  const routes: string[] = [];
  const ctx = { onRequest: (route: string) => routes.push(route) };
  expect(await provider.addRows(table, rows, ctx)).toEqual(['1', '2', '3']);
  expect(routes).toEqual(['POST /v1/tables/{id}/rows']);
  expect(server.received[0]?.url).toBe('/v1/tables/t%2F1/rows');
  expect(bodyOf(server.received[0])).toEqual({
    rows: rows.map(({ key, input }) => ({ data: input, metadata: { rowmill_key: key } })),
    run: false,
  });
  expect(await provider.addRows(table, rows, {})).toEqual(['x', 'y', 'z']);
});

test.each([
  ['fewer', [{ id: '1' }]],
  ['more', [{ id: '1' }, { id: '2' }, { id: '3' }]],
  ['one twice', [{ id: '1' }, { id: '1' }]],
  [
    'of another key',
    [
      { id: '1', metadata: { rowmill_key: 'A' } },
      { id: '2', metadata: { rowmill_key: 'Z' } },
    ],
  ],
  ['in another shape', { ok: true }],
  ['without ids', [{}, {}]],
])('rows that come back %s leave it open whether they were added', async (_name, reply) => {
  const { provider } = await facing(reply);
  const rows = ['A', 'B'].map((key) => ({ key, input: { input: key } }));
  const failure = await failureOf(provider.addRows(table, rows, {}));
  expect(failure).toMatchObject({ code: 'reply_unreadable', ambiguous: true });
});

test('rows are deleted a hundred at a time', async () => {
  const { provider, server } = await facing([], []);
  const ids = Array.from({ length: 150 }, (_, nth) => `r${nth}`);
  await provider.deleteRows?.(table, ids, {});
  expect(server.received.map((request) => [request.method, bodyOf(request)])).toEqual([
    ['DELETE', { rows: ids.slice(0, 100) }],
    ['DELETE', { rows: ids.slice(100) }],
  ]);
  await provider.deleteRows?.(table, [], {});
  expect(server.received.length).toBe(2);
});

test('deleting a table that is gone succeeds', async () => {
  const server = await serve((res, request, nth) =>
    json({ detail: 'no' }, nth === 1 ? 404 : 403)(res, request, nth),
  );
  const provider = createExtructProvider({ baseUrl: server.url, token: 'a-token' });
  await provider.deleteTable('t1', {});
  expect((await failureOf(provider.deleteTable('t1', {}))).code).toBe('forbidden');
});

test('a run is always scoped', async () => {
  const { provider, server } = await facing({ id: 'run-9', num_requested_cells: 6 }, {});
  expect(
    await provider.startTableRun(table, { mode: 'failed', columnIds: ['c1'], rowIds: ['r1'] }, {}),
  ).toEqual({ operations: ['run-9'], requestedCells: 6 });
  expect(await provider.startTableRun(table, { mode: 'new', columnIds: ['c1', 'c2'] }, {})).toEqual(
    {
      operations: [],
      requestedCells: null,
    },
  );
  expect(server.received.map(bodyOf)).toEqual([
    { mode: 'failed', columns: ['c1'], rows: ['r1'] },
    { mode: 'new', columns: ['c1', 'c2'] },
  ]);
});

test('a success with an error is no run: only the table shows whether it was accepted', async () => {
  const { provider } = await facing({ error: 'busy' }, { error: { code: 'insufficient_credits' } });
  const ask = () => provider.startTableRun(table, { mode: 'new', columnIds: ['c1'] }, {});
  await expect(ask()).rejects.toMatchObject({ code: 'reply_unreadable', ambiguous: true });
  await expect(ask()).rejects.toMatchObject({ code: 'insufficient_credits', ambiguous: false });
});

test('a column of an unknown kind is stray, unless a pipeline column waits for it', async () => {
  const extra = (key: string) => ({ id: key, config: { kind: 'company_logo', key, name: key } });
  const shown = { kind: 'agent', key: 'shown', name: 'Shown', value: { prompt: 'See {logo}' } };
  const wanted = { ...spec, columns: [...spec.columns, shown] };
  const columns = [...companyColumns, sector, rivals, extra('seal'), extra('logo')];
  const { provider } = await facing({
    id: 't1',
    kind: 'company',
    columns: [...columns, { id: 'id-shown', config: shown }],
  });
  const { columns: found } = await provider.createTable(wanted, 'nightly run', 'run-1', {});
  expect(found.filter(({ stray }) => stray === true).map(({ key }) => key)).toEqual(['seal']);
});

test('an empty scope never reaches the API, where it could mean everything', async () => {
  const { provider, server } = await facing();
  const nothing = { operations: [], requestedCells: 0 };
  expect(await provider.startTableRun(table, { mode: 'all', columnIds: [] }, {})).toEqual(nothing);
  expect(
    await provider.startTableRun(table, { mode: 'all', columnIds: ['c'], rowIds: [] }, {}),
  ).toEqual(nothing);
  expect(server.received.length).toBe(0);
});

test.each([
  ['idle', false],
  ['running', true],
  ['hibernating', true],
])('run_status %s is running: %p', async (run_status, running) => {
  const { provider } = await facing({
    id: 't1',
    status: {
      num_rows: 10,
      num_output_columns: 3,
      num_cells_completed: 7,
      num_cells_in_progress: 2,
      run_status,
    },
  });
  expect(await provider.progress(table, null, {})).toEqual({
    rows: 10,
    running,
    cellsTotal: 30,
    cellsDone: 7,
    cellsInProgress: 2,
    cellsFailed: null,
  });
});

test('counters that are left out are 0', async () => {
  const reply = { id: 't1', status: { num_columns: 5, run_status: 'idle' } };
  const { provider } = await facing(reply, {
    ...reply,
    status: { ...reply.status, num_rows: null },
  });
  const nothing = { rows: 0, running: false, cellsTotal: 0, cellsDone: 0, cellsInProgress: 0 };
  expect(await provider.progress(table, null, {})).toMatchObject(nothing);
  expect(await provider.rowCount(table, {})).toBe(0);
});

const wireRow = (id: string, data: object, key?: string) => ({
  id,
  data,
  ...(key === undefined ? {} : { metadata: { rowmill_key: key } }),
});

test('cells are read in every shape that was seen', async () => {
  const at = '2026-01-01T00:00:00Z';
  const cells = [
    { value: { answer: 'IT', explanation: 'why', sources: ['u'] }, status: 'done', updated_at: at },
    { value: { answer: 3, source: 'u', explanation: '' }, status: 'done' },
    { value: { answer: null, source: [{ url: 'u' }] }, status: 'done' },
    { value: 'plain', status: 'in_progress' },
    { value: { context: { a: 1 } }, status: 'requested' },
    { value: null, status: 'failed', error: 'no site' },
    { status: 'created' },
    { value: null, status: 'Paused_For_Review' },
    'bare',
  ];
  const rows = cells.map((cell, nth) =>
    wireRow(`r${nth}`, { input: 'x', sector: cell, other: cell }, 'K'),
  );
  const { provider } = await facing({ id: 't1', rows, status: { num_rows: 9 } });
  const page = await provider.page(table, null, {});
  expect(page.rows.map((row) => row.cells['sector'])).toEqual([
    {
      status: 'done',
      rawStatus: 'done',
      value: 'IT',
      explanation: 'why',
      sources: ['u'],
      updatedAt: at,
    },
    { status: 'done', rawStatus: 'done', value: 3, sources: ['u'] },
    { status: 'done', rawStatus: 'done', value: null, sources: [{ url: 'u' }] },
    { status: 'running', rawStatus: 'in_progress', value: 'plain' },
    { status: 'running', rawStatus: 'requested', value: { context: { a: 1 } } },
    { status: 'failed', rawStatus: 'failed', value: null, reason: 'no site' },
    { status: 'pending', rawStatus: 'created', value: null },
    { status: 'unknown', rawStatus: 'Paused_For_Review', value: null },
    { status: 'unknown', rawStatus: '', value: 'bare' },
  ]);
  expect(Object.keys(page.rows[0]?.cells ?? {})).toEqual(['sector', 'rivals']);
  expect(page.rows[0]?.cells['rivals']).toEqual({ status: 'pending', rawStatus: '', value: null });
});

test('rows of others have no key', async () => {
  const rows = [
    wireRow('a', {}),
    { id: 'b', data: null, metadata: 'odd' },
    { id: 'c', metadata: { rowmill_key: 5 } },
  ];
  const { provider } = await facing({ rows });
  expect((await provider.page(table, null, {})).rows.map(({ key }) => key)).toEqual([
    null,
    null,
    null,
  ]);
});

/** A table of `count` rows; `reported` is the count in the status, `cap` the most rows a page has. */
async function scan(count: number, reported: number | null, cap = 100) {
  const server = await serve((res, request, nth) => {
    const query = new URL(request.url, 'http://x').searchParams;
    const from = Number(query.get('offset'));
    const to = Math.min(count, from + Math.min(cap, Number(query.get('limit'))));
    const rows = Array.from({ length: to - from }, (_, at) => wireRow(`r${from + at}`, {}));
    json({ rows, ...(reported === null ? {} : { status: { num_rows: reported } }) })(
      res,
      request,
      nth,
    );
  });
  const provider = createExtructProvider({ baseUrl: server.url, token: 'a-token' });
  let rows = 0;
  let cursor: string | null = null;
  do {
    const page = await provider.page(table, cursor, {});
    expect(page.total).toBe(reported);
    rows += page.rows.length;
    cursor = page.next;
  } while (cursor !== null);
  return { rows, calls: server.received.length };
}

test.each([
  ['a short last page', 250, 250, 100, 250, 3],
  ['an exact multiple, with a count', 200, 200, 100, 200, 2],
  ['an exact multiple, without a count', 200, null, 100, 200, 3],
  ['a short page, without a count', 130, null, 100, 130, 2],
  ['an empty table', 0, 0, 100, 0, 1],
  ['an API that gives fewer rows than asked for', 120, 120, 50, 120, 3],
  ['a count that is too high', 120, 500, 100, 120, 3],
])('pages end after %s', async (_name, count, reported, cap, rows, calls) => {
  expect(await scan(count, reported, cap)).toEqual({ rows, calls });
});

test('an unreadable reply is reported by path without its values', async () => {
  const { provider } = await facing({ rows: [{ data: { secret: 'value' } }] });
  const failure = await failureOf(provider.page(table, null, {}));
  expect(failure).toMatchObject({ code: 'reply_unreadable', ambiguous: false, retryable: true });
  expect(failure.what).toContain('rows.0.id');
  expect(failure.message).not.toContain('value');
});

test('only Extruct itself has a web page for a table', () => {
  expect(pageForPeople('https://api.extruct.ai/', 'a/b')).toBe(
    'https://app.extruct.ai/tables/a%2Fb',
  );
  expect(pageForPeople('http://127.0.0.1:8080', 'a')).toBeNull();
  expect(pageForPeople('https://api.extruct.ai.example', 'a')).toBeNull();
});

test.each(['\ud800', '..', '.', '', 'a\nb', 'x'.repeat(256), -1, 1.5, 2 ** 53])(
  'an id that no path can carry is an unreadable reply: %j',
  async (id) => {
    const { provider } = await facing({ id, columns: companyColumns });
    const failure = await failureOf(provider.createTable(spec, 'x', 'tag', {}));
    expect(failure).toMatchObject({ code: 'reply_unreadable', ambiguous: true });
  },
);

test('a table without a readable time is not taken for the older one', async () => {
  const found = { id: 't', kind: 'company', num_rows: 0, tags: ['tag'] };
  const { provider } = await facing([{ ...found, created_at: 'soon' }]);
  expect((await failureOf(provider.findTables('tag', {}))).code).toBe('reply_unreadable');
});
