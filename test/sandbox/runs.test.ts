import { afterEach, expect, test } from '@jest/globals';
import type { RowOutput, SandboxOptions, TableHeader } from '../../sandbox/index.ts';
import { agent, Caller, CITY, PITCH, SECTOR, type Refusal } from './caller.ts';

const LONG = 10_000_000;

let caller: Caller;
const start = async (options: Partial<SandboxOptions> = {}): Promise<void> => {
  caller = await Caller.start(options);
};
afterEach(() => caller.sandbox.close());

const columnId = (table: TableHeader, key: string): string =>
  table.columns.find(({ config }) => config.key === key)?.id ?? '';

/** Companies named so that the wanted fate falls on this column. */
function inputsWith(
  column: object,
  wanted: 'alwaysFails' | 'firstTryFails' | 'fine',
  count: number,
): string[] {
  const found: string[] = [];
  for (let at = 0; found.length < count; at += 1) {
    const input = `Company ${at}`;
    const { alwaysFails, firstTryFails } = caller.sandbox.truth('company', input, column);
    const fate = alwaysFails ? 'alwaysFails' : firstTryFails ? 'firstTryFails' : 'fine';
    if (fate === wanted) found.push(input);
  }
  return found;
}

test('a cell starts when all upstream cells of its row are done', async () => {
  await start();
  const table = await caller.table([SECTOR, PITCH], ['3M', 'Amgen']);
  await caller.run(table.id);
  const order: Record<string, string>[] = [];
  for (let step = 0; step < 80; step += 1) {
    caller.pass(5_000);
    for (const { data } of await caller.rows(table.id)) {
      order.push(
        Object.fromEntries(Object.entries(data).map(([key, { status }]) => [key, status])),
      );
    }
  }
  const begun = ['in_progress', 'done'];
  const seen = (key: string, upstream: string[]) =>
    order.filter(
      (row) => begun.includes(row[key] ?? '') && upstream.some((up) => row[up] !== 'done'),
    );
  expect(seen('company_name', ['company_profile'])).toEqual([]);
  expect(seen('sector', ['company_name', 'company_website'])).toEqual([]);
  expect(seen('pitch', ['sector', 'company_name'])).toEqual([]);
  expect(order.some((row) => row['sector'] === 'in_progress' && row['pitch'] === 'requested')).toBe(
    true,
  );
  expect(order.at(-1)).toMatchObject({ sector: 'done', pitch: 'done' });
});

test('extra dependencies wait as mentions do', async () => {
  await start();
  const table = await caller.table(
    [SECTOR, agent('note', 'Anything new?', { agent_type: 'llm', extra_dependencies: ['sector'] })],
    ['3M'],
  );
  await caller.run(table.id);
  caller.pass(60_000);
  expect(await caller.column(table.id, 'note')).toEqual(['requested']);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'note')).toEqual(['done']);
});

test('a run of one column brings only the system columns along', async () => {
  await start();
  const table = await caller.table([SECTOR, CITY, PITCH], ['3M', 'Amgen']);
  const run = await caller.run(table.id, { columns: [columnId(table, 'sector')] });
  expect(run.body.num_requested_cells).toBe(8);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'company_website')).toEqual(['done', 'done']);
  expect(await caller.column(table.id, 'city')).toEqual(['created', 'created']);
  const [first] = await caller.rows(table.id);
  const rest = await caller.run(table.id, { rows: [first?.id] });
  expect(rest.body.num_requested_cells).toBe(2);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'pitch')).toEqual(['done', 'created']);
});

test('a column without its upstream is not asked for', async () => {
  await start();
  const table = await caller.table([SECTOR, PITCH], ['3M']);
  const run = await caller.run(table.id, { columns: [columnId(table, 'pitch')] });
  expect(run.body.num_requested_cells).toBe(3);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'pitch')).toEqual(['created']);
  expect(await caller.status(table.id)).toMatchObject({ run_status: 'idle' });
});

test('what is requested or done is not asked for a second time by mode new', async () => {
  await start();
  const table = await caller.table([SECTOR], ['3M']);
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(4);
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(0);
  expect((await caller.run(table.id, { mode: 'all' })).body.num_requested_cells).toBe(0);
  caller.pass(LONG);
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(0);
  expect(caller.sandbox.ledger.summary()).toMatchObject({ cellsPaid: 1, duplicates: { cells: 0 } });
});

test('the ledger shows each cell that mode all pays again', async () => {
  await start();
  const table = await caller.table([SECTOR], ['3M', 'Amgen']);
  await caller.run(table.id);
  caller.pass(LONG);
  const columns = [columnId(table, 'sector')];
  expect((await caller.run(table.id, { mode: 'all', columns })).body.num_requested_cells).toBe(2);
  caller.pass(LONG);
  expect(caller.sandbox.ledger.summary()).toMatchObject({
    cellsPaid: 4,
    creditsSpent: 4,
    duplicates: { cells: 2 },
  });
  expect(caller.sandbox.ledger.cells(table.id).filter(({ column }) => column === 'sector')).toEqual(
    [
      expect.objectContaining({ row: '3M', starts: 2, done: 2, failed: 0 }),
      expect.objectContaining({ row: 'Amgen', starts: 2, done: 2, failed: 0 }),
    ],
  );
});

test('a cell that fails on the first try succeeds when failed cells are run again', async () => {
  await start({ failRate: 0.3 });
  const inputs = [...inputsWith(SECTOR, 'firstTryFails', 2), ...inputsWith(SECTOR, 'fine', 1)];
  const table = await caller.table([SECTOR], inputs);
  await caller.run(table.id);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'sector')).toEqual(['failed', 'failed', 'done']);
  expect((await caller.rows(table.id))[0]?.data['sector']?.value).toBeNull();
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(0);
  expect((await caller.run(table.id, { mode: 'failed' })).body.num_requested_cells).toBe(2);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'sector')).toEqual(['done', 'done', 'done']);
  expect(caller.sandbox.ledger.summary()).toMatchObject({ cellsPaid: 5, cellsFailed: 2 });
});

test('a cell that always fails does so however often it is run', async () => {
  await start({ alwaysFailsRate: 0.3 });
  const table = await caller.table([SECTOR], inputsWith(SECTOR, 'alwaysFails', 1));
  for (const mode of ['new', 'failed', 'failed', 'all']) {
    await caller.run(table.id, { mode });
    caller.pass(LONG);
    expect(await caller.column(table.id, 'sector')).toEqual(['failed']);
  }
});

test('behind a failed cell the rest of the row goes back to created until mode new', async () => {
  await start({ failRate: 0.3 });
  const [input = ''] = inputsWith(SECTOR, 'firstTryFails', 50).filter(
    (one) => !caller.sandbox.truth('company', one, PITCH, [SECTOR, PITCH]).firstTryFails,
  );
  const table = await caller.table([SECTOR, PITCH], [input]);
  await caller.run(table.id);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'sector')).toEqual(['failed']);
  expect(await caller.column(table.id, 'pitch')).toEqual(['created']);
  expect(await caller.status(table.id)).toMatchObject({
    run_status: 'idle',
    num_cells_completed: 3,
    num_cells_in_progress: 0,
  });
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(0);
  expect((await caller.run(table.id, { mode: 'failed' })).body.num_requested_cells).toBe(1);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'sector')).toEqual(['done']);
  expect(await caller.column(table.id, 'pitch')).toEqual(['created']);
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(1);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'pitch')).toEqual(['done']);
});

test('every cell ends as the truth says', async () => {
  await start({ failRate: 0.1, alwaysFailsRate: 0.05 });
  const columns = [SECTOR, CITY, PITCH];
  const inputs = Array.from({ length: 45 }, (_, at) => `Company ${at}`);
  const table = await caller.table(columns, inputs);
  await caller.run(table.id);
  caller.pass(LONG);
  for (const mode of ['failed', 'new', 'failed']) {
    await caller.run(table.id, { mode });
    caller.pass(LONG);
  }
  const outcomes = (await caller.rows(table.id)).flatMap(({ data }, at) =>
    ['sector', 'city', 'pitch'].map((key, of) => {
      const value = data[key]?.value;
      const answer: unknown =
        typeof value === 'object' && value !== null ? Reflect.get(value, 'answer') : value;
      return {
        cell: `${inputs[at] ?? ''} ${key}`,
        status: data[key]?.status,
        answer,
        truth: caller.sandbox.truth('company', inputs[at] ?? '', columns[of] ?? {}, columns),
      };
    }),
  );
  for (const { cell, status, answer, truth } of outcomes) {
    const expected =
      truth.blockedBy.length > 0
        ? ['created', null]
        : truth.alwaysFails
          ? ['failed', null]
          : ['done', truth.answer];
    expect([cell, status, answer]).toEqual([cell, ...expected]);
  }
  const statuses = new Set(outcomes.map(({ status }) => status));
  expect(statuses).toEqual(new Set(['done', 'failed', 'created']));
});

test('a row without input never starts', async () => {
  await start();
  const table = await caller.table([SECTOR], ['3M', ' ']);
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(4);
});

test('rows can be run as they are added', async () => {
  await start();
  const table = await caller.table([SECTOR], ['Apple Inc.']);
  await caller.addRows(table.id, ['3M', 'Amgen'], true);
  caller.pass(LONG);
  expect(await caller.column(table.id, 'sector')).toEqual(['created', 'done', 'done']);
});

test('no more paid cells run at once than concurrency says', async () => {
  await start({ concurrency: 3, cellMs: { min: 10_000, max: 10_000 } });
  const table = await caller.table([SECTOR], ['A', 'B', 'C', 'D', 'E']);
  await caller.run(table.id);
  const withStatus = async (status: string): Promise<number> =>
    (await caller.column(table.id, 'sector')).filter((one) => one === status).length;
  caller.pass(10_000);
  expect(await withStatus('in_progress')).toBe(3);
  caller.pass(10_000);
  expect(await withStatus('done')).toBe(3);
  caller.pass(16_000);
  expect(await withStatus('done')).toBe(5);
});

test('twice the speed halves the time of a run', async () => {
  const doneAfterMs = async (speed: number): Promise<number> => {
    await start({ speed, cellMs: { min: 10_000, max: 10_000 } });
    const table = await caller.table([SECTOR], ['3M']);
    await caller.run(table.id);
    for (let ms = 0; ms <= LONG; ms += 100) {
      if ((await caller.column(table.id, 'sector')).includes('done')) return ms;
      caller.pass(100);
    }
    throw new Error('the cell is never done');
  };
  const slow = await doneAfterMs(1);
  await caller.sandbox.close();
  const fast = await doneAfterMs(2);
  expect(Math.abs(slow - 2 * fast)).toBeLessThanOrEqual(200);
});

test('right after a run the status is still the one before it', async () => {
  await start({ statusLagMs: 300, speed: 1_000 });
  const table = await caller.table([SECTOR], ['3M']);
  await caller.run(table.id);
  caller.pass(299);
  expect(await caller.status(table.id)).toMatchObject({
    run_status: 'idle',
    num_cells_in_progress: 0,
    num_cells_completed: 0,
  });
  caller.pass(1);
  expect(await caller.status(table.id)).toMatchObject({
    run_status: 'idle',
    num_cells_completed: 4,
  });
});

test.each([true, false])('requested cells in num_cells_in_progress: %s', async (countRequested) => {
  await start({ concurrency: 1, countRequested });
  const table = await caller.table([SECTOR], ['3M', 'Amgen']);
  await caller.run(table.id);
  expect(await caller.status(table.id)).toMatchObject({
    run_status: 'running',
    num_cells_in_progress: countRequested ? 8 : 1,
  });
});

test('without credits cells stay requested until the account is topped up', async () => {
  await start({ credits: 3 });
  const table = await caller.table([SECTOR], ['A', 'B', 'C', 'D', 'E']);
  await caller.run(table.id);
  caller.pass(LONG);
  const words = async (): Promise<string[]> => (await caller.column(table.id, 'sector')).toSorted();
  expect(await words()).toEqual(['done', 'done', 'done', 'requested', 'requested']);
  expect(await caller.status(table.id)).toMatchObject({
    run_status: 'running',
    num_cells_in_progress: 2,
  });
  const refused = await caller.run(table.id, { mode: 'all', columns: [columnId(table, 'sector')] });
  expect(refused.status).toBe(402);
  expect(refused.body).toMatchObject({ detail: { error: 'insufficient_credits' } });
  const added = await caller.call('POST', '/_sandbox/credits', { add: 10 });
  expect(added.body).toEqual({ available_credits: 8 });
  caller.pass(LONG);
  expect(await words()).toEqual(['done', 'done', 'done', 'done', 'done']);
  expect(caller.sandbox.ledger.summary()).toMatchObject({ creditsLeft: 8, creditsSpent: 5 });
});

test('a refused run of new rows adds no rows', async () => {
  await start({ credits: 0 });
  const table = await caller.table([SECTOR]);
  const rows = [{ data: { input: '3M' } }];
  const path = `/v1/tables/${table.id}/rows`;
  expect((await caller.call<Refusal>('POST', path, { rows, run: true })).status).toBe(402);
  expect((await caller.status(table.id)).num_rows).toBe(0);
});

test('found persons get a child table', async () => {
  await start();
  const finder = {
    kind: 'company_people_finder',
    name: 'People',
    key: 'people',
    value: { roles: ['CTO', 'CFO'], max_results: 4 },
  };
  const table = await caller.table([finder], ['3M', 'Amgen', 'Apple Inc.', 'Nvidia']);
  expect(table.child_relationships).toEqual([]);
  await caller.run(table.id);
  caller.pass(LONG);
  const parent = (await caller.call<TableHeader>('GET', `/v1/tables/${table.id}`)).body;
  const [child] = parent.child_relationships;
  expect(child?.relationship_type).toBe('company_people');
  const people = await caller.rows(child?.table_id ?? '');
  expect(people.length).toBeGreaterThan(0);
  const parents = (await caller.rows(table.id)).map(({ id }) => id);
  for (const person of people) {
    expect(parents).toContain(person.parent_row_id);
    expect(person.parent_data?.['company_name']?.status).toBe('done');
    expect(person.data['full_name']?.status).toBe('done');
  }
  expect((await caller.call<RowOutput[]>('GET', '/v1/tables')).body).toHaveLength(1);
  expect(caller.sandbox.ledger.summary().creditsSpent).toBe(8);
  await caller.run(table.id, { mode: 'all' });
  caller.pass(LONG);
  expect(await caller.rows(child?.table_id ?? '')).toHaveLength(people.length);
});

test('rows, columns and tables that are deleted while they run leave nothing behind', async () => {
  await start({ concurrency: 2 });
  const table = await caller.table([SECTOR, CITY], ['A', 'B', 'C', 'D']);
  await caller.run(table.id);
  caller.pass(20_000);
  const [first, second] = await caller.rows(table.id);
  await caller.call('DELETE', `/v1/tables/${table.id}/rows`, { rows: [first?.id, second?.id] });
  await caller.call('DELETE', `/v1/tables/${table.id}/columns/${columnId(table, 'city')}`);
  caller.pass(LONG);
  expect(await caller.status(table.id)).toMatchObject({
    num_rows: 2,
    num_cells_completed: 8,
    num_cells_in_progress: 0,
    run_status: 'idle',
  });
  await caller.addRows(table.id, ['E'], true);
  await caller.call('DELETE', `/v1/tables/${table.id}`);
  caller.pass(LONG);
  expect(caller.sandbox.ledger.summary()).toMatchObject({ tablesLive: 0, rowsDeleted: 2 });
});
