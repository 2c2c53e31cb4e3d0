import { afterEach, expect, test } from '@jest/globals';
import type { SandboxOptions } from '../../sandbox/index.ts';
import { Caller, type Reply } from './caller.ts';
import { callTables, newSheet } from './promptlayer-caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

const open = async (options: Partial<SandboxOptions> = {}): Promise<void> => {
  caller = await Caller.start(options);
};

const call = <T = unknown>(method: string, path: string, body?: unknown): Promise<Reply<T>> =>
  callTables<T>(caller, method, path, body);

interface Page {
  data: {
    row_index: number;
    cells: Record<string, { status: string; request_metrics: unknown }>;
  }[];
  pagination: { next_cursor: string | null; has_more: boolean };
  columns: unknown[];
  version: number;
  row_count: number;
}
interface Started {
  success: boolean;
  operation_id: string;
  execution_ids: string[];
  cell_count: number;
  requires_confirmation?: boolean;
  confirmation_token: string;
  affected_cell_count: number;
}
interface Stand {
  operation: Record<'status' | 'completed_count' | 'failed_count' | 'pending_count', unknown>;
}

test('each API takes its own key only in its own header', async () => {
  await open({ token: { extruct: 'theirs', promptlayer: 'secret' } });
  expect((await call('GET', '')).status).toBe(200);
  for (const headers of [{}, { authorization: 'Bearer secret' }, { 'x-api-key': 'theirs' }]) {
    const refused = await callTables(caller, 'GET', '', undefined, headers);
    expect(refused).toMatchObject({ status: 401, body: { success: false, error: 'unauthorized' } });
  }
  const { status } = await caller.call('GET', '/v1/user', undefined, {
    authorization: 'Bearer secret',
  });
  expect(status).toBe(401);
});

test('a cursor is good for the filters it was made with', async () => {
  await open();
  const { path } = await newSheet(caller, 5);
  const first = await call<Page>('GET', `${path}/rows?limit=2`);
  expect(first.body).toMatchObject({ row_count: 6, pagination: { has_more: true } });
  expect(first.body.columns).toHaveLength(2);
  const cursor = first.body.pagination.next_cursor ?? '';
  const next = await call<Page>('GET', `${path}/rows?limit=2&cursor=${cursor}`);
  expect(next.body.data.map((row) => row.row_index)).toEqual([2, 3]);
  expect(next.body.columns).toEqual([]);
  for (const other of ['order=desc', 'include_system_columns=true']) {
    const { status } = await call('GET', `${path}/rows?limit=2&cursor=${cursor}&${other}`);
    expect(status).toBe(400);
  }
  const another = await newSheet(caller, 5);
  expect((await call('GET', `${another.path}/rows?cursor=${cursor}`)).status).toBe(400);
  expect((await call('GET', `${path}/rows?cursor=bm9uZQ`)).status).toBe(400);
});

test('every change of a sheet has a version of its own', async () => {
  await open();
  const { path, texts, computed } = await newSheet(caller, 1);
  const version = async (): Promise<number> =>
    (await call<Page>('GET', `${path}/rows`)).body.version;
  const before = await version();
  expect(await version()).toBe(before);
  await call('POST', `${path}/rows`, { values: [{ [texts]: 'X' }] });
  const grown = await version();
  expect(grown).toBeGreaterThan(before);
  await call('POST', `${path}/operations`, { column_ids: [computed] });
  const asked = await version();
  expect(asked).toBeGreaterThan(grown);
  caller.pass(10_000_000);
  expect(await version()).toBeGreaterThan(asked);
});

test('a run above the threshold needs the token of that very run', async () => {
  await open({ promptLayer: { confirmAbove: 2, cellsPerExecution: 2 } });
  const { path, computed } = await newSheet(caller, 4);
  const start = (request: object) => call<Started>('POST', `${path}/operations`, request);
  expect((await start({ row_ids: [1, 2] })).body).toMatchObject({ success: true, cell_count: 2 });
  const all = { column_ids: [computed], statuses: [] };
  const asked = await start(all);
  expect(asked.body).toMatchObject({ success: false, requires_confirmation: true });
  expect(asked.body.affected_cell_count).toBe(3);
  const { confirmation_token } = asked.body;
  expect(caller.sandbox.ledger.summary().runs).toBe(1);
  const other = await start({ statuses: ['STALE'], confirmation_token });
  expect(other.body.requires_confirmation).toBe(true);
  const queued = await start({ ...all, confirmation_token });
  expect(queued).toMatchObject({ status: 202, body: { success: true, cell_count: 3 } });
  expect(queued.body.execution_ids).toHaveLength(2);
  const again = await start({ column_ids: [computed], row_ids: [3] });
  expect(again).toMatchObject({ status: 200, body: { success: true, cell_count: 0 } });
});

test('an operation counts the ends of its own cells', async () => {
  await open({ concurrency: 1 });
  const { path, computed } = await newSheet(caller, 3);
  const start = (rows: number[]) =>
    call<Started>('POST', `${path}/operations`, { column_ids: [computed], row_ids: rows });
  const stand = async (id: string): Promise<Stand['operation']> =>
    (await call<Stand>('GET', `${path}/operations/${id}`)).body.operation;
  const first = (await start([1])).body.operation_id;
  expect(await stand(first)).toMatchObject({ status: 'running', pending_count: 1 });
  caller.pass(10_000_000);
  expect(await stand(first)).toMatchObject({
    status: 'completed',
    completed_count: 1,
    failed_count: 0,
    pending_count: 0,
  });
  const second = (await start([2, 3])).body.operation_id;
  caller.pass(1);
  const cancel = () => call('DELETE', `${path}/operations/${second}`);
  expect((await cancel()).body).toMatchObject({
    success: true,
    cancelled_cell_count: 2,
    not_started_reset_count: 1,
    running_invalidated_count: 1,
  });
  expect((await cancel()).body).toMatchObject({ success: true, cancelled_cell_count: 0 });
  const given = { status: 'cancelled', status_counts: { STALE: 2 }, pending_count: 0 };
  expect(await stand(second)).toMatchObject(given);
  caller.pass(10_000_000);
  expect(await stand(second)).toMatchObject(given);
  // One is done, one was in progress: it has been paid for nothing. Asked for again, it comes out.
  expect(caller.sandbox.ledger.summary()).toMatchObject({ cellsPaid: 2, cellsDone: 1 });
  const third = (await start([2, 3])).body.operation_id;
  caller.pass(10_000_000);
  expect(await stand(third)).toMatchObject({ status: 'completed', completed_count: 2 });
  expect(caller.sandbox.ledger.summary()).toMatchObject({ cellsPaid: 4, cellsDone: 3 });
});

test('only a computed prompt cell has metrics', async () => {
  await open();
  const { path, texts, computed } = await newSheet(caller, 1);
  const cells = async () => (await call<Page>('GET', `${path}/rows`)).body.data[1]?.cells ?? {};
  expect((await cells())[computed]).toMatchObject({ status: 'stale', request_metrics: null });
  await call('POST', `${path}/operations`, { row_ids: [1] });
  caller.pass(10_000_000);
  const { [texts]: text, [computed]: done } = await cells();
  expect(text?.request_metrics).toBeNull();
  const some = expect.any(Number);
  expect(done).toMatchObject({
    status: 'completed',
    request_metrics: { request_count: 1, price: some, input_tokens: some, output_tokens: some },
  });
});
