import { afterEach, expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import { Caller, type Reply } from './caller.ts';
import { callTables, newSheet, type Sheet } from './promptlayer-caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

type Rule = NonNullable<FaultScript['requests']>[number];

const call = <T = unknown>(method: string, path: string, body?: unknown): Promise<Reply<T>> =>
  callTables(caller, method, path, body);

const sheetOf = (rows: number): Promise<Sheet> => newSheet(caller, rows);

const withFaults = async (...requests: Rule[]): Promise<void> => {
  caller = await Caller.start({ faults: { seed: 7, requests } });
};

const on = 'find-tables';

test.each<[Rule, number, object]>([
  [{ on, fault: 'denied' }, 401, { error: 'unauthorized' }],
  [{ on, fault: 'denied', status: 403 }, 403, { error: 'forbidden', message: 'Not allowed' }],
  [{ on, fault: 'payment', reason: 'plan_required' }, 402, { error: 'plan_required' }],
  [{ on, fault: 'rate-limit' }, 429, { error: 'too_many_requests' }],
  [{ on, fault: 'error', status: 503, body: 'json' }, 503, { message: 'Service Unavailable' }],
])('a refusal (%j) is worded as this API does', async (rule, status, body) => {
  await withFaults(rule);
  expect(await call('GET', '')).toMatchObject({ status, body: { success: false, ...body } });
});

test('one word names a request of either API', async () => {
  await withFaults({ name: 'it', on: 'find-tables', fault: 'denied' });
  expect((await caller.call('GET', '/v1/tables')).status).toBe(401);
  expect((await call('GET', '')).status).toBe(401);
  expect((await call('POST', '', {})).status).toBe(201);
  expect(caller.sandbox.faults.hits).toEqual({ it: 2 });
});

test('chosen by the rows of the sheet in the path', async () => {
  await withFaults({ on: 'read-rows', while: { rows: { atLeast: 3 } }, fault: 'denied' });
  const small = await sheetOf(1);
  const large = await sheetOf(2);
  expect((await call('GET', `${small.path}/rows`)).status).toBe(200);
  expect((await call('GET', `${large.path}/rows`)).status).toBe(401);
});

test('faulty pages leave the cursor as it is', async () => {
  const on = 'read-rows';
  await withFaults(
    { on, fault: 'pages', how: 'shift', rows: 2, nth: 1 },
    { on, fault: 'pages', how: 'shift', rows: -1, nth: 3 },
    { on, fault: 'pages', how: 'repeat', nth: 4 },
    { on, fault: 'pages', how: 'miss', nth: 5 },
  );
  const { path } = await sheetOf(6);
  interface Page {
    data: { row_index: number }[];
    pagination: { next_cursor: string | null };
  }
  const page = async (cursor = ''): Promise<Page> =>
    (await call<Page>('GET', `${path}/rows?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`))
      .body;
  const places = ({ data }: Page): number[] => data.map((row) => row.row_index);
  const shifted = await page();
  expect(places(shifted)).toEqual([2, 3, 4]);
  const cursor = shifted.pagination.next_cursor ?? '';
  expect(places(await page(cursor))).toEqual([3, 4, 5]);
  expect(places(await page(cursor))).toEqual([2, 3, 4]);
  expect(places(await page())).toEqual([0, 1, 2, 0]);
  expect(places(await page())).toHaveLength(2);
});

test('status lag shows the sheet and its operations as they were', async () => {
  await withFaults({ on: 'read-status', fault: 'status-lag', ms: 60_000 });
  const { path, computed } = await sheetOf(2);
  const operation = await call<{ operation_id: string }>('POST', `${path}/operations`, {
    column_ids: [computed],
  });
  caller.pass(10_000_000);
  await call('GET', `${path}/rows`);
  expect(caller.sandbox.ledger.summary().cellsDone).toBe(3);
  expect((await call('GET', `${path}/operations`)).body).toMatchObject({
    pending_count: 0,
    status_counts: { STALE: 0, COMPLETED: 0 },
    total_cells: 3,
  });
  const { operation_id: id } = operation.body;
  expect((await call('GET', `${path}/operations/${id}`)).body).toMatchObject({
    operation: { status: 'running', pending_count: 3, completed_count: 0, cell_count: 3 },
  });
});

test('unknown words replace those of cells, operations and counts', async () => {
  const words = { completed: 'finished', stale: 'old' };
  await withFaults({ on: '* /**', fault: 'unknown', words });
  const { path } = await sheetOf(1);
  const rows = await call('GET', `${path}/rows`);
  const fresh = expect.objectContaining({ status: 'old' });
  expect(rows.body).toMatchObject({ x_added_lately: { since: 2031 } });
  expect(JSON.stringify(rows.body)).toContain('"status":"finished"');
  expect(Object.values(cellsOf(rows.body, 1))).toContainEqual(fresh);
  expect((await call('GET', `${path}/operations`)).body).toMatchObject({
    status_counts: { old: 2, finished: 0 },
  });
});

interface Rows {
  data: { cells: Record<string, unknown> }[];
}

// What `GET …/rows` answers.
const cellsOf = (body: unknown, at: number): Record<string, unknown> =>
  (body as Rows).data[at]?.cells ?? {};

test('types that call no model are free', async () => {
  await withFaults();
  const { path, computed } = await sheetOf(1);
  await call('POST', `${path}/columns`, {
    title: 'Length',
    type: 'COUNT',
    dependencies: [{ column_id: computed }],
  });
  await call('POST', `${path}/operations`, { row_ids: [1] });
  caller.pass(10_000_000);
  expect(caller.sandbox.ledger.summary()).toMatchObject({
    cellsDone: 2,
    cellsPaid: 1,
    creditsSpent: 1,
  });
});
