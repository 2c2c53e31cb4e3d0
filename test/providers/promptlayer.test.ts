import { afterEach, expect, test } from '@jest/globals';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { TableRunRef, TableRef } from '../../src/contract/table.ts';
import { createPromptLayerProvider } from '../../src/providers/promptlayer/provider.ts';
import { promptLayerSpec } from '../../src/providers/promptlayer/spec.ts';
import type { Provider, RunScope, TableCell } from '../../src/providers/provider.ts';
import { failureOf } from '../http/calls.ts';
import { closeServers, json, serve } from '../http/server.ts';
import type { Received, TestServer } from '../http/server.ts';

afterEach(closeServers);

/** A reply with another status than 200. */
class Refusal {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}

const KEY = 'a-key';

/** A provider in front of a server that answers each request with the next of the replies. */
async function facing(...replies: unknown[]): Promise<{ provider: Provider; server: TestServer }> {
  const server = await serve((res, request, nth) => {
    const reply = replies[nth - 1];
    const answer = reply instanceof Refusal ? json(reply.body, reply.status) : json(reply);
    answer(res, request, nth);
  });
  return { provider: createPromptLayerProvider({ baseUrl: server.url, token: KEY }), server };
}

const bodyOf = (request: Received | undefined): unknown => JSON.parse(request?.body ?? 'null');

const TABLES = '/api/public/v2/tables';
const SHEET = `${TABLES}/t/sheets/s`;

const table: TableRef = {
  id: 't',
  url: null,
  sheetId: 's',
  cancellable: true,
  columns: [
    ['k', 'rowmill key', true],
    ['n', 'Staff', true],
    ['c', 'Sector', false],
  ].map(([id, key, input]) => ({
    id: String(id),
    key: String(key),
    name: String(key),
    input: input === true,
    ours: key !== 'rowmill key',
    dependsOn: [],
  })),
};

const scope: RunScope = { mode: 'new', columnIds: ['c'], maxCells: 10 };

test('the default address is that of the reference', () => {
  expect(promptLayerSpec.baseUrl).toBe('https://api.promptlayer.com');
  expect(promptLayerSpec.baseUrlVariable).toBe('PROMPTLAYER_BASE_URL');
});

const listed = (id: string, title: string, day: number) => ({
  id,
  title,
  workspace_id: 7,
  folder_id: null,
  sheet_count: day,
  created_at: `2026-01-0${day}T00:00:00Z`,
  updated_at: `2026-01-0${day}T00:00:00Z`,
});

test('tables are found by the tag in their title, whatever the filter lets through, oldest first', async () => {
  const { provider, server } = await facing(
    {
      data: [listed('b', 'x run-1', 3), listed('z', 'x run-2', 1)],
      pagination: { next_cursor: 'more', has_more: true, limit: 100 },
    },
    { data: [listed('a', 'x run-1', 2)], next_cursor: null, has_more: false },
  );
  expect(await provider.findTables('run-1', {})).toEqual([
    { id: 'a', createdAt: '2026-01-02T00:00:00Z', rows: 2 },
    { id: 'b', createdAt: '2026-01-03T00:00:00Z', rows: 3 },
  ]);
  expect(server.received.map(({ url }) => url)).toEqual([
    `${TABLES}?name=run-1&order=asc&limit=100`,
    `${TABLES}?name=run-1&order=asc&limit=100&cursor=more`,
  ]);
});

test('a list of tables that goes round in a circle comes to an end', async () => {
  const round = { data: [listed('a', 'x run-1', 2)], next_cursor: 'again', has_more: true };
  const { provider, server } = await facing(round, round);
  expect(await provider.findTables('run-1', {})).toHaveLength(1);
  expect(server.received).toHaveLength(2);
});

test('a table is made without a sheet of its own', async () => {
  const spec: TableSpec = {
    tags: [],
    settings: { folder_id: 12, sheet: 'Leads' },
    columns: [{ title: 'Staff', type: 'TEXT' }],
  };
  const { provider, server } = await facing(
    { success: true, table: { id: 't' } },
    { success: true, sheet: { id: 's', title: 'Leads' } },
    new Refusal(404, { success: false, message: 'Table not found' }),
  );
  const { id } = await provider.createTable(spec, 'leads', 'run-1', {});
  expect(bodyOf(server.received[0])).toEqual({
    title: 'leads run-1',
    create_default_sheet: false,
    folder_id: 12,
  });
  await failureOf(provider.ensureColumns({ id, untouched: true }, spec, {}));
  expect(server.received[1]).toMatchObject({ method: 'POST', url: `${TABLES}/t/sheets` });
  expect(bodyOf(server.received[1])).toEqual({ title: 'Leads' });
});

test('a sheet that begins with another row at every read is not used', async () => {
  const spec: TableSpec = { tags: [], columns: [{ title: 'Staff', type: 'TEXT' }] };
  const { provider } = await facing(
    { sheet: { id: 's' } },
    ...[1, 2, 1, 2].map((index) => ({
      data: [{ row_index: index, cells: {} }],
      row_count: 2,
      columns: [],
      has_more: true,
    })),
  );
  const failure = await failureOf(provider.ensureColumns({ id: 't', untouched: true }, spec, {}));
  expect(failure).toMatchObject({ code: 'reply_unreadable' });
  expect(failure.what).toContain('first row');
});

test('columns go into the first of two sheets', async () => {
  const spec: TableSpec = {
    tags: [],
    columns: [
      { title: 'Staff', type: 'text' },
      { title: 'Twice', type: 'code' },
    ],
  };
  const names = ['Column A', 'Staff', 'rowmill key', 'Twice'];
  const columns = names.map((title, at) => ({ id: `c${at}`, title, type: 'TEXT' }));
  const look = (...at: number[]) => ({
    data: [{ row_index: 0, cells: {} }],
    row_count: 1,
    has_more: false,
    columns: at.map((one) => columns[one]),
  });
  const { provider, server } = await facing(
    ...[{ data: [] }, { sheet: { id: 'mine' } }, { data: [{ id: 'late' }, { id: 'mine' }] }],
    ...[look(0), { column: columns[1] }, look(1), { column: columns[2] }, look(1, 2)],
    ...[new Refusal(405, { success: false }), { column: columns[3] }, look(1, 2, 3)],
  );
  const made = await provider.ensureColumns({ id: 't' }, spec, {});
  expect(made).toMatchObject({
    sheetId: 'late',
    placeholderRows: { rows: 1, cells: 1, ids: ['0'] },
  });
  const sent = server.received.slice(3);
  expect(sent.every(({ url }) => url.startsWith(`${TABLES}/t/sheets/late/`))).toBe(true);
  expect(sent[0]?.url).toContain('include_columns=true');
  const changes = sent.filter(({ method }) => method !== 'GET');
  expect(changes.map((request) => [request.method, bodyOf(request)])).toEqual([
    ['PATCH', { title: 'Staff' }],
    ['POST', { title: 'rowmill key', type: 'TEXT' }],
    ['DELETE', { row_indices: [0] }],
    ['POST', { title: 'Twice', type: 'CODE_EXECUTION' }],
  ]);
});

const rows = [
  { key: 'A', input: { Staff: 12 } },
  { key: 'B', input: { Staff: null } },
  { key: 'C', input: { Staff: ['x'] } },
];

test.each([
  ['one by one', { row_indices: [4, 5, 6], start_row_index: 4 }],
  ['by the first', { rows_created: 3, start_row_index: 4 }],
])('rows are found where the reply says: %s', async (_how, reply) => {
  const { provider, server } = await facing(reply);
  expect(await provider.addRows(table, rows, {})).toEqual(['4', '5', '6']);
  expect(server.received[0]).toMatchObject({ method: 'POST', url: `${SHEET}/rows` });
  expect(bodyOf(server.received[0])).toEqual({
    count: 3,
    values: [{ k: 'A', n: '12' }, { k: 'B' }, { k: 'C', n: '["x"]' }],
  });
});

test.each([{ success: true }, { row_indices: [4] }, { row_indices: ['x'] }])(
  'whether rows were added is open where the reply does not say where they are: %j',
  async (reply) => {
    const { provider } = await facing(reply);
    const failure = await failureOf(provider.addRows(table, rows, {}));
    expect(failure).toMatchObject({ code: 'reply_unreadable', ambiguous: true });
  },
);

test.each(['\ud800', '..', '.', '', 'a\nb', 'x'.repeat(256), -1, 1.5, 2 ** 53])(
  'an id that no path can carry is an unreadable reply: %j',
  async (id) => {
    const { provider } = await facing({ table: { id } });
    const failure = await failureOf(provider.createTable({ tags: [], columns: [] }, 'x', 'y', {}));
    expect(failure).toMatchObject({ code: 'reply_unreadable', ambiguous: true });
  },
);

test.each<[TableRunRef, object]>([
  [
    { operations: ['a', 'b'], requestedCells: 7 },
    { operation_id: 'a', execution_id: 'a', execution_ids: ['a', 'b', 'a'], cell_count: 7 },
  ],
  [
    { operations: ['a'], requestedCells: 7 },
    { operation_id: 'a', cell_count: 7 },
  ],
  [
    { operations: ['b'], requestedCells: 7 },
    { execution_id: 'b', execution_ids: [], cell_count: 7 },
  ],
  [
    { operations: ['b', 'c', 'a'], requestedCells: 7 },
    { operation_id: 'a', execution_id: 'b', execution_ids: ['b', 'c'], cell_count: 7 },
  ],
  [
    { operations: [], requestedCells: 0 },
    { success: true, cell_count: 0, virtual_cell_count: 3 },
  ],
  [{ operations: [], requestedCells: null }, { success: true }],
  // Queued it was, so there is something to wait for.
  [
    { operations: ['a'], requestedCells: null },
    { operation_id: 'a', cell_count: 0 },
  ],
])('a run is known by what was queued: %j', async (tableRun, reply) => {
  const { provider } = await facing(reply);
  expect(await provider.startTableRun(table, scope, {})).toEqual(tableRun);
});

test('a run names its columns, its rows and the state of its cells', async () => {
  const { provider, server } = await facing(...Array<object>(3).fill({ cell_count: 0 }));
  await provider.startTableRun(table, { ...scope, rowIds: ['1', '12'] }, {});
  await provider.startTableRun(table, { ...scope, mode: 'failed' }, {});
  await provider.startTableRun(table, { ...scope, mode: 'all' }, {});
  const operation = { operation: 'recalculate', column_ids: ['c'] };
  expect(server.received.map(bodyOf)).toEqual([
    { ...operation, statuses: ['STALE'], row_ids: [1, 12] },
    { ...operation, statuses: ['FAILED'] },
    { ...operation, statuses: [] },
  ]);
});

const question = (token: string | null, cells: number | null) => ({
  success: false,
  requires_confirmation: true,
  confirmation_token: token,
  affected_cell_count: cells,
  message: 'many cells',
});

test('at most two confirmation questions of a run are answered', async () => {
  const asked = [question('1', 9), question('2', 9), question('3', 9)];
  const { provider, server } = await facing(...asked);
  const confirmed: number[] = [];
  const failure = await failureOf(
    provider.startTableRun(table, scope, { onConfirmed: (cells) => void confirmed.push(cells) }),
  );
  expect(failure).toMatchObject({ code: 'request_refused', ambiguous: false });
  const tokens = server.received
    .map((request) => bodyOf(request))
    .map((body) => (body as { confirmation_token?: string }).confirmation_token);
  expect(tokens).toEqual([undefined, '1', '2']);
  expect(confirmed).toEqual([]);
});

test.each([
  ['without a number of cells', question('1', null), 'spend_refused'],
  ['about more than was approved', question('1', 11), 'spend_refused'],
  ['without a token', question(null, 3), 'request_refused'],
  ['that is none', { success: false, message: 'not today' }, 'request_refused'],
])('no yes is said to a question %s', async (_what, reply, code) => {
  const { provider, server } = await facing(reply, { cell_count: 3 });
  expect(await failureOf(provider.startTableRun(table, scope, {}))).toMatchObject({ code });
  expect(server.received).toHaveLength(1);
});

const operation = (status: string, [done, failed, pending]: number[], cells = 10) => ({
  success: true,
  operation: {
    operation_id: 'o',
    operation: 'recalculate',
    status,
    status_counts: {},
    status_url: '',
    completed_count: done,
    failed_count: failed,
    pending_count: pending,
    cell_count: cells,
  },
});

test.each([
  ['in progress', operation('RUNNING', [3, 1, 6]), { running: true, cellsInProgress: 6 }],
  [
    'over by its word, in any case',
    operation('Completed', [3, 1, 6]),
    { running: false, cellsInProgress: 0 },
  ],
  ['over by its counts', operation('RUNNING', [3, 7, 0]), { running: false, cellsFailed: 7 }],
  ['not over: cells are missing', operation('RUNNING', [3, 1, 0]), { running: true }],
  ['plain', operation('running', [3, 1, 6]).operation, { running: true, cellsFailed: 1 }],
])('an operation is read: %s', async (_what, reply, reported) => {
  const { provider } = await facing(reply);
  const tableRun = {
    operations: ['o'],
    requestedCells: 10,
    before: { cellsTotal: 30, cellsDone: 20 },
  };
  expect(await provider.progress(table, tableRun, {})).toMatchObject({
    cellsTotal: 30,
    cellsDone: 23,
    ...reported,
  });
});

const sheet = (counts: object, pending: number, active: string[] = []) => ({
  success: true,
  sheet_id: 's',
  version: 3,
  total_cells: 12,
  status_counts: counts,
  pending_count: pending,
  active_operations: active.map((id) => ({ operation_id: id })),
});

test.each([
  [
    'idle',
    sheet({ COMPLETED: 4, FAILED: 2, error: 1, STALE: 5 }, 0),
    { running: false, cellsDone: 4, cellsFailed: 3 },
  ],
  [
    'with cells that wait',
    sheet({ completed: 4, QUEUED: 8 }, 8),
    { running: true, cellsInProgress: 8 },
  ],
  ['with an operation', sheet({ COMPLETED: 4 }, 0, ['o']), { running: true }],
  ['with a word of tomorrow', sheet({ DREAMT: 12 }, 0), { cellsDone: 0, cellsFailed: 0 }],
])('a sheet is read: %s', async (_what, reply, reported) => {
  const { provider } = await facing(reply);
  expect(await provider.progress(table, null, {})).toMatchObject({ cellsTotal: 12, ...reported });
});

const operationsOf = (cells: number) => ({
  operations: ['b', 'c', 'a'],
  requestedCells: cells,
  before: { cellsTotal: cells, cellsDone: 0 },
});

test('an operation that is listed beside its executions is counted once', async () => {
  const { provider } = await facing(
    operation('RUNNING', [2, 0, 3], 5),
    operation('COMPLETED', [5, 0, 0], 5),
    operation('RUNNING', [7, 0, 3], 10),
  );
  expect(await provider.progress(table, operationsOf(10), {})).toMatchObject({
    running: true,
    cellsDone: 7,
    cellsInProgress: 3,
    cellsFailed: 0,
  });
});

test('an id that cannot be read keeps nothing from being read by the others', async () => {
  const gone = new Refusal(404, { success: false, error: 'not_found' });
  const running = operation('RUNNING', [2, 0, 3], 5);
  const ended = operation('COMPLETED', [5, 0, 0], 5);
  const { provider } = await facing(running, ended, gone, ended, ended, gone, sheet({}, 4));
  expect(await provider.progress(table, operationsOf(10), {})).toMatchObject({ cellsDone: 7 });
  // What is left is over: what is gone may still run.
  expect(await provider.progress(table, operationsOf(10), {})).toMatchObject({ running: true });
});

test('the sheet replaces an operation that is gone', async () => {
  const { provider } = await facing(
    new Refusal(404, { success: false, error: 'not_found' }),
    sheet({ COMPLETED: 10 }, 0),
  );
  const tableRun = {
    operations: ['o'],
    requestedCells: 10,
    before: { cellsTotal: 10, cellsDone: 0 },
  };
  expect(await provider.progress(table, tableRun, {})).toMatchObject({
    running: false,
    cellsTotal: 10,
    cellsDone: 10,
  });
});

test('what is active is cancelled as well, where the reply to a run was lost', async () => {
  const { provider, server } = await facing(sheet({}, 5, ['o']), { cancelled_cell_count: 5 });
  expect(await provider.cancelQueuedCells?.(table, null, {})).toEqual({ cells: 5 });
  expect(server.received[1]).toMatchObject({ method: 'DELETE', url: `${SHEET}/operations/o` });
});

test.each([
  ['those that had not begun', { cancelled_cell_count: 7, not_started_reset_count: 5 }, 5],
  ['all of them, where the reply does not say which', { cancelled_cell_count: 7 }, 7],
])('of the cells of a cancelled operation %s count as cancelled', async (_what, counts, cells) => {
  const { provider } = await facing(sheet({}, 7), counts);
  const tableRun = { operations: ['o'], requestedCells: 9 };
  expect(await provider.cancelQueuedCells?.(table, tableRun, {})).toEqual({ cells });
});

test('only a refused cursor restarts the walk', async () => {
  const refused = new Refusal(400, { success: false, message: 'Invalid cursor' });
  const { provider } = await facing(refused, refused);
  const [next, first] = [
    await failureOf(provider.page(table, 'old', {})),
    await failureOf(provider.page(table, null, {})),
  ];
  expect(next).toMatchObject({ code: 'pages_unstable', retryable: true });
  expect(next.what).toContain('Invalid cursor');
  expect(first).toMatchObject({ code: 'request_refused' });
});

test.each([
  ['under pagination', { pagination: { next_cursor: 'n', has_more: true } }, 'n'],
  ['at the top', { next_cursor: 'n', has_more: true }, 'n'],
  ['without a word whether there is more', { next_cursor: 'n' }, 'n'],
  ['though there is nothing more', { next_cursor: 'n', has_more: false }, null],
  ['empty', { pagination: { next_cursor: '', has_more: true } }, null],
])('the cursor of a page: %s', async (_where, cursor, next) => {
  const { provider, server } = await facing({ data: [], row_count: 3, version: 8, ...cursor });
  expect(await provider.page(table, 'c', {}, 40)).toEqual({
    rows: [],
    next,
    total: 3,
    version: '8',
  });
  // All pages by the same parameters.
  expect(server.received[0]?.url).toBe(
    `${SHEET}/rows?order=asc&limit=40&include_columns=false&cursor=c`,
  );
});

test.each<[string, object, Partial<TableCell>]>([
  ['wrapped, without a display value', { value: { value: 'A' } }, { value: 'A' }],
  [
    'an object of several fields',
    { value: { value: 1, unit: 'kg' } },
    { value: { value: 1, unit: 'kg' } },
  ],
  ['a display value alone', { display_value: 'A' }, { value: 'A' }],
  ['wrapped nothing', { value: { value: null }, display_value: null }, { value: null }],
  [
    'an error without a message',
    { status: 'FAILED', error: 'time' },
    { status: 'failed', reason: 'time' },
  ],
  [
    'a message for people',
    { status: 'ERROR', error: 'x', error_message: 'y' },
    { status: 'failed', reason: 'y' },
  ],
  ['taken back', { status: 'cancelled' }, { status: 'pending' }],
  ['of an older input', { status: 'stale', value: 'old' }, { status: 'pending' }],
  ['sent to a worker', { status: 'DISPATCHED' }, { status: 'running' }],
  ['of a word of tomorrow', { status: 'dreamt' }, { status: 'unknown', rawStatus: 'dreamt' }],
  [
    'without a known price',
    { request_metrics: { request_count: 1, price: null, input_tokens: 7, output_tokens: 3 } },
    { usage: { requests: 1, price: 0, inputTokens: 7, outputTokens: 3, unpriced: 1 } },
  ],
  [
    'with what it took',
    { request_metrics: { request_count: 2, price: 0.25, input_tokens: 7, output_tokens: null } },
    { usage: { requests: 2, price: 0.25, inputTokens: 7, outputTokens: 0 } },
  ],
])('a cell is read: %s', async (_what, wire, read) => {
  const cells = { k: { value: null, display_value: 'K0' }, c: { status: 'Completed', ...wire } };
  const { provider } = await facing({ data: [{ row_index: 0, cells }], row_count: 1 });
  const page = await provider.page(table, null, {});
  expect(page.rows).toMatchObject([
    { id: '0', key: 'K0', cells: { Sector: { status: 'done', ...read } } },
  ]);
});

const FAILED = { status: 'FAILED', value: null };

test.each([
  ['the key that was sent', `Bearer ${KEY} is no key`, 'Bearer [redacted] is no key'],
  ['of several lines', 'a\n\tb\u202ec', 'a b c'],
  ['as long as a page', '😀'.repeat(5_000), `${'😀'.repeat(999)}…`],
])('the reason of a failed cell is fit to be kept: %s', async (_what, reported, kept) => {
  const cells = { k: { value: 'K0' }, c: { ...FAILED, error_message: reported } };
  const { provider } = await facing({ data: [{ row_index: 0, cells }], row_count: 1 });
  const { rows: read } = await provider.page(table, null, {});
  expect(read[0]?.cells['Sector']?.reason).toBe(kept);
});

test('what a refusal says is fit to be kept, also where it comes as a success', async () => {
  const message = `${KEY} is over its plan. ${'x'.repeat(9_000)}`;
  const { provider } = await facing({ success: false, message });
  const { what } = await failureOf(provider.startTableRun(table, scope, {}));
  expect(what).toMatch(/^\[redacted\] is over its plan\. x+…$/);
  expect(what).toHaveLength(300);
});

test.each([
  ['fails', new Refusal(500, {})],
  ['is refused', new Refusal(422, {})],
  ['has another shape', { data: [[]], row_count: 5 }],
])('rows are counted though the first one %s', async (_how, reply) => {
  const { provider, server } = await facing(reply, { data: [], row_count: 5 });
  expect(await provider.rowCount(table, {})).toBe(5);
  expect(server.received.map(({ url }) => /order=(\w+)/.exec(url)?.[1])).toEqual(['asc', 'desc']);
});

test('an API that counts no rows says why by its first answer', async () => {
  const { provider } = await facing(new Refusal(502, {}), new Refusal(503, {}));
  const failure = await failureOf(provider.rowCount(table, {}));
  expect(failure.code).toBe('provider_unavailable');
  expect(failure.message).toContain('502');
});

test.each([
  [402, { success: false, message: 'Payment required' }, 'insufficient_credits'],
  [402, { error: 'payment_failed', message: 'The card was declined' }, 'payment_failed'],
  [402, { error: 'plan_required', message: 'No tables' }, 'plan_required'],
  [403, { success: false, message: 'Cell execution quota exceeded' }, 'insufficient_credits'],
  [403, { message: 'The row limit of your plan is reached' }, 'insufficient_credits'],
  [403, { success: false, message: 'Invalid API key' }, 'forbidden'],
  [403, {}, 'forbidden'],
])('a %i that says %j has its own code', async (status, body, code) => {
  const { provider } = await facing(new Refusal(status, body), new Refusal(status, body));
  const run = await failureOf(provider.startTableRun(table, scope, {}));
  expect(run).toMatchObject({ code, ambiguous: false });
  if ('message' in body) expect(run.message).toContain(body.message);
  const rows = [{ key: 'K0', input: {} }];
  expect(await failureOf(provider.addRows(table, rows, {}))).toMatchObject({ code });
});
