import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RowOutput, RowWithStatus, TableData, TableHeader } from '../../sandbox/index.ts';
import { agent, Caller, CITY, PITCH, SECTOR, type Refusal } from './caller.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let caller: Caller;
beforeAll(async () => {
  caller = await Caller.start();
});
afterAll(() => caller.sandbox.close());

test('a created table is a header without status, with the automatic columns in front', async () => {
  const { status, body } = await caller.call<TableHeader>('POST', '/v1/tables', {
    name: 'A',
    tags: ['t'],
    column_configs: [{ kind: 'input', name: 'Firm', key: 'input' }, SECTOR],
  });
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual([
    'id',
    'created_at',
    'name',
    'description',
    'tags',
    'kind',
    'columns',
    'owner',
    'child_relationships',
    'parent_relationships',
  ]);
  expect(body.id).toMatch(UUID);
  expect(body.created_at).toMatch(TIME);
  expect(body).toMatchObject({ name: 'A', description: null, tags: ['t'], kind: 'company' });
  expect(body.columns.map(({ config }) => [config.kind, config.key, config.name])).toEqual([
    ['input', 'input', 'Firm'],
    ['company_profile', 'company_profile', 'Company Profile'],
    ['company_name', 'company_name', 'Company Name'],
    ['company_website', 'company_website', 'Company Website'],
    ['agent', 'sector', 'sector'],
  ]);
  expect(body.columns[4]?.config).toMatchObject({
    value: { agent_type: 'research_pro', output_format: 'text' },
  });
});

test('tables have the automatic columns of their kind', async () => {
  const keys = async (kind: string): Promise<string[]> =>
    (await caller.table([], [], { kind })).columns.map(({ config }) => config.key);
  expect(await keys('people')).toEqual(['input', 'full_name', 'role', 'profile_url']);
  expect(await keys('generic')).toEqual([]);
});

test('a people table pays for each field that it reads from the input', async () => {
  const table = await caller.table([], ['Jane Doe, VP Sales, https://people.example/jane'], {
    kind: 'people',
  });
  expect(table.columns.map(({ config }) => config.kind)).toEqual([
    ...['input', 'agent', 'agent', 'agent'],
  ]);
  const mapped = { rows: [{ data: { input: 'Jane Doe', full_name: 'Jane Doe' } }] };
  expect((await caller.call('POST', `/v1/tables/${table.id}/rows`, mapped)).status).toBe(422);
  const before = caller.sandbox.ledger.summary().creditsSpent;
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(3);
  caller.pass(3_600_000);
  expect(await caller.column(table.id, 'full_name')).toEqual(['done']);
  expect(caller.sandbox.ledger.summary().creditsSpent - before).toBe(3);
});

test('rows have a short form on adding, a full one on reading', async () => {
  const table = await caller.table([SECTOR]);
  const { body } = await caller.call<RowOutput[]>('POST', `/v1/tables/${table.id}/rows`, {
    rows: [{ data: { input: '3M' }, metadata: { key: 'MMM' } }],
  });
  expect(body).toEqual([
    {
      id: expect.stringMatching(UUID),
      created_at: expect.stringMatching(TIME),
      parent_row_id: null,
      company_profile_id: null,
      data: {
        input: { value: '3M', status: 'done', updated_at: expect.stringMatching(TIME) },
        company_profile: { value: null, status: 'created', updated_at: null },
        company_name: { value: null, status: 'created', updated_at: null },
        company_website: { value: null, status: 'created', updated_at: null },
        sector: { value: null, status: 'created', updated_at: null },
      },
      metadata: { key: 'MMM' },
      parent_data: null,
    },
  ]);
  const row = `/v1/tables/${table.id}/rows/${body[0]?.id ?? ''}`;
  const one = (await caller.call<RowWithStatus>('GET', row)).body;
  expect(one).toEqual({ ...body[0], status: 'idle', columns: table.columns });
});

test('data carries header, status, rows and agent answers in their envelope', async () => {
  const table = await caller.table([SECTOR, PITCH], ['3M', 'aos', 'Nobody Inc']);
  const run = (await caller.run(table.id)).body;
  expect(run).toEqual({
    id: expect.stringMatching(UUID),
    created_at: expect.stringMatching(TIME),
    status: 'created',
    rows: null,
    columns: null,
    num_requested_cells: 15,
    mode: 'new',
  });
  caller.pass(600_000);
  const { body } = await caller.call<TableData>('GET', `/v1/tables/${table.id}/data`);
  expect(body).toMatchObject({ id: table.id, kind: 'company', discovery_tasks: null });
  expect(body.status).toEqual({
    num_rows: 3,
    num_output_columns: 5,
    num_input_columns: 1,
    num_cells_completed: 15,
    num_cells_in_progress: 0,
    num_columns: 6,
    run_status: 'idle',
  });
  const [mmm, aos, nobody] = body.rows.map(({ data }) => data);
  expect(mmm?.['company_name']?.value).toBe('3M');
  expect(mmm?.['company_website']?.value).toBe('https://www.3m.example');
  expect(mmm?.['sector']?.value).toEqual({
    answer: 'Industrials',
    explanation: expect.any(String),
    sources: [expect.stringContaining('https://')],
  });
  expect(aos?.['company_name']?.value).toBe('A. O. Smith');
  expect(mmm?.['pitch']?.value).toMatchObject({ answer: expect.stringContaining('Industrials') });
  expect(nobody?.['sector']?.value).toMatchObject({
    answer: expect.stringMatching(/^Example Industries sector \d+$/),
  });
});

test('pages go on until a short one', async () => {
  const table = await caller.table([]);
  for (const batch of [0, 1, 2]) {
    await caller.addRows(
      table.id,
      Array.from({ length: 45 }, (_, at) => `Company ${batch * 45 + at}`),
    );
  }
  const inputs = async (query: string): Promise<unknown[]> =>
    (await caller.rows(table.id, query)).map(({ data }) => data['input']?.value);
  expect(await inputs('')).toHaveLength(50);
  expect(await inputs('?offset=100&limit=100')).toHaveLength(35);
  expect(await inputs('?offset=44&limit=2')).toEqual(['Company 44', 'Company 45']);
  expect(await inputs('?offset=135&limit=100')).toEqual([]);
});

test('deleted rows are gone from pages, status and runs', async () => {
  const table = await caller.table([SECTOR], ['3M', 'Amgen', 'Apple Inc.']);
  const ids = (await caller.rows(table.id)).map(({ id }) => id);
  const gone = ids[1] ?? '';
  const path = `/v1/tables/${table.id}/rows`;
  expect((await caller.call('DELETE', path, { rows: [gone] })).body).toEqual([gone]);
  expect((await caller.rows(table.id)).map(({ id }) => id)).toEqual([ids[0], ids[2]]);
  expect((await caller.status(table.id)).num_rows).toBe(2);
  expect((await caller.call('GET', `${path}/${gone}`)).status).toBe(404);
  expect((await caller.call('DELETE', path, { rows: [gone] })).status).toBe(404);
  expect((await caller.run(table.id, { rows: [gone] })).status).toBe(422);
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(8);
});

test('rows are changed by id and appended without', async () => {
  const table = await caller.table([SECTOR], ['3M']);
  const [row] = await caller.rows(table.id);
  await caller.run(table.id);
  caller.pass(600_000);
  const { body } = await caller.call<RowOutput[]>('PATCH', `/v1/tables/${table.id}/rows`, {
    rows: [{ id: row?.id, data: { input: 'Amgen' }, metadata: { n: 1 } }, { data: { input: 'X' } }],
  });
  expect(body.map(({ data }) => data['input']?.value)).toEqual(['Amgen', 'X']);
  expect(body[0]).toMatchObject({ id: row?.id, metadata: { n: 1 } });
  // What was answered for 3M stays until the cell is run again.
  expect(body[0]?.data['sector']).toMatchObject({
    status: 'done',
    value: { answer: 'Industrials' },
  });
  await caller.run(table.id, { mode: 'all' });
  caller.pass(600_000);
  const [again] = await caller.rows(table.id);
  expect(again?.data['sector']?.value).toMatchObject({ answer: 'Health Care' });
});

test('columns are added, replaced and deleted', async () => {
  const table = await caller.table([SECTOR], ['3M']);
  const path = `/v1/tables/${table.id}/columns`;
  const made = await caller.call<TableHeader['columns']>('POST', path, {
    column_configs: [CITY],
    insert_after: table.columns[0]?.id,
  });
  expect(made.body).toEqual([
    { id: expect.stringMatching(UUID), created_at: expect.any(String), config: expect.any(Object) },
  ]);
  const city = `${path}/${made.body[0]?.id ?? ''}`;
  const keys = async (): Promise<string[]> =>
    (await caller.call<TableHeader>('GET', `/v1/tables/${table.id}`)).body.columns.map(
      ({ config }) => config.key,
    );
  expect((await keys()).slice(0, 2)).toEqual(['input', 'city']);
  await caller.run(table.id);
  caller.pass(600_000);
  const answer = async (): Promise<unknown> =>
    (await caller.rows(table.id))[0]?.data['city']?.value;
  expect(await answer()).toMatchObject({ answer: 'Saint Paul' });
  const asked = agent('city', 'Which state is {company_name} in?');
  expect((await caller.call('PATCH', city, asked)).status).toBe(200);
  expect(await answer()).toMatchObject({ answer: 'Saint Paul' });
  await caller.run(table.id, { mode: 'all' });
  caller.pass(600_000);
  expect(await answer()).toMatchObject({ answer: 'Minnesota' });
  expect((await caller.call('DELETE', city)).status).toBe(200);
  expect(await keys()).not.toContain('city');
  expect(await caller.status(table.id)).toMatchObject({ num_columns: 5, num_cells_completed: 4 });
});

test('a column others mention cannot be deleted', async () => {
  const table = await caller.table([SECTOR, PITCH]);
  const sector = table.columns.find(({ config }) => config.key === 'sector')?.id ?? '';
  expect((await caller.call('DELETE', `/v1/tables/${table.id}/columns/${sector}`)).status).toBe(
    422,
  );
});

test('a table can be renamed, cloned or deleted', async () => {
  const table = await caller.table([SECTOR], ['3M']);
  await caller.run(table.id);
  caller.pass(600_000);
  const path = `/v1/tables/${table.id}`;
  const changed = await caller.call('PATCH', path, { name: 'New', tags: ['x', 'y'] });
  expect(changed.body).toMatchObject({ name: 'New', tags: ['x', 'y'], description: null });
  const full = (await caller.call<TableHeader>('POST', `${path}/clone`)).body;
  const bare = (await caller.call<TableHeader>('POST', `${path}/clone?schema_only=true`)).body;
  expect(await caller.status(full.id)).toMatchObject({ num_rows: 1, num_cells_completed: 4 });
  expect(await caller.status(bare.id)).toMatchObject({ num_rows: 0, num_output_columns: 4 });
  expect((await caller.call<TableHeader>('DELETE', path)).body.id).toBe(table.id);
  expect((await caller.call<Refusal>('GET', path)).body).toEqual({ detail: 'Table not found' });
});

test('the account reports its credits', async () => {
  const { body } = await caller.call('GET', '/v1/user');
  expect(body).toEqual({
    user_id: expect.any(String),
    email: expect.any(String),
    available_credits: expect.any(Number),
    organization_id: expect.any(String),
    organization_name: 'Sandbox',
    organization_slug: 'sandbox',
    organization_is_active: true,
  });
  expect((await caller.call('GET', '/v1/billing')).body).toMatchObject({
    user: { organization_is_active: true },
    subscription: { requires_subscription: false, plan_tier: 'pro' },
  });
});
