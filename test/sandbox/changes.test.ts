import { afterEach, describe, expect, test } from '@jest/globals';
import type { RowOutput, SandboxOptions, TableHeader } from '../../sandbox/index.ts';
import { Caller, type Reply } from './caller.ts';
import { callTables, newSheet, type Sheet } from './promptlayer-caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

const open = async (options: Partial<SandboxOptions> = {}): Promise<void> => {
  caller = await Caller.start(options);
};

const HOUR = 3_600_000;
const paid = () => {
  const tables = caller.sandbox.ledger.tables();
  const sum = (of: (table: (typeof tables)[number]) => number) =>
    tables.reduce((total, table) => total + of(table), 0);
  return [
    sum((table) => table.cellsPaid),
    sum((table) => table.cellsPaidAgain),
    sum((table) => table.cellsPaidOutdated),
  ];
};

describe('extruct', () => {
  const agent = (key: string, prompt: string) => ({
    kind: 'agent',
    key,
    name: key,
    value: { agent_type: 'llm', prompt },
  });

  async function done(): Promise<{ table: TableHeader; row: RowOutput; url: string }> {
    const table = await caller.table([
      { kind: 'input', key: 'hint', name: 'Hint' },
      agent('sector', 'Which GICS sector is {company_name} in?'),
      agent('pitch', 'Pitch for {hint}'),
    ]);
    const url = `/v1/tables/${table.id}`;
    const [row] = (
      await caller.call<RowOutput[]>('POST', `${url}/rows`, {
        rows: [{ data: { input: '3M', hint: 'one' }, metadata: { rowmill_key: 'MMM' } }],
      })
    ).body;
    await caller.run(table.id);
    caller.pass(HOUR);
    if (row === undefined) throw new Error('no row');
    return { table, row, url };
  }

  const statuses = async (url: string): Promise<Record<string, string>> => {
    const { body } = await caller.call<{ rows: RowOutput[] }>('GET', `${url}/data`);
    return Object.fromEntries(
      Object.entries(body.rows[0]?.data ?? {}).map(([key, { status }]) => [key, status]),
    );
  };

  test.each(['kept', 'reset'] as const)(
    'cells that read a changed input are %s',
    async (outdatedCells) => {
      await open({ extruct: { outdatedCells } });
      const { table, row, url } = await done();
      const before = row.metadata;
      const { body } = await caller.call<RowOutput[]>('PATCH', `${url}/rows`, {
        rows: [{ id: row.id, data: { hint: 'two' } }],
      });
      expect(body[0]).toMatchObject({ id: row.id, metadata: before });
      expect(body[0]?.data['hint']).toMatchObject({ value: 'two', status: 'done' });
      expect(body[0]?.data['input']).toMatchObject({ value: '3M' });
      const word = outdatedCells === 'kept' ? 'done' : 'created';
      expect(await statuses(url)).toMatchObject({ sector: 'done', pitch: word });
      expect(paid()).toEqual([2, 0, 0]);
      await caller.run(table.id, { mode: 'all' });
      caller.pass(HOUR);
      expect(paid()).toEqual([4, 2, 1]);
    },
  );

  test('the same value again changes nothing', async () => {
    await open({ extruct: { outdatedCells: 'reset' } });
    const { row, url } = await done();
    const rows = [{ id: row.id, data: { hint: 'one' } }];
    await caller.call('PATCH', `${url}/rows`, { rows });
    expect(await statuses(url)).toMatchObject({ sector: 'done', pitch: 'done' });
  });

  test('a cell in progress ends with the answer of the input that it began with', async () => {
    await open({ cellMs: { min: 5_000, max: 5_000 } });
    const { table, row, url } = await done();
    const text = async () => {
      const { body } = await caller.call<{ rows: RowOutput[] }>('GET', `${url}/data`);
      return JSON.stringify(body.rows[0]?.data['sector']?.value);
    };
    const columns = table.columns.flatMap(({ id, config }) =>
      config.key === 'sector' ? [id] : [],
    );
    await caller.run(table.id, { mode: 'all', columns });
    caller.pass(1_000);
    await caller.call('PATCH', `${url}/rows`, { rows: [{ id: row.id, data: { input: 'Aflac' } }] });
    caller.pass(HOUR);
    expect(await text()).toContain('Industrials');
    await caller.run(table.id, { mode: 'all', columns });
    caller.pass(HOUR);
    expect(await text()).toContain('Financials');
    expect(paid()).toEqual([4, 2, 1]);
  });

  test.each(['kept', 'reset'] as const)(
    'cells of a changed prompt and those that read them are %s',
    async (outdatedCells) => {
      await open({ extruct: { outdatedCells } });
      const { table, url } = await done();
      const id = table.columns.find(({ config }) => config.key === 'pitch')?.id ?? '';
      const config = agent('pitch', 'Another pitch for {hint}');
      const reply = await caller.call('PATCH', `${url}/columns/${id}`, config);
      expect(reply.body).toMatchObject({ id, config });
      const word = outdatedCells === 'kept' ? 'done' : 'created';
      expect(await statuses(url)).toMatchObject({ sector: 'done', pitch: word });
      expect((await caller.call('DELETE', `${url}/columns/${id}`)).status).toBe(200);
      expect(Object.keys(await statuses(url))).not.toContain('pitch');
    },
  );
});

describe('promptlayer', () => {
  const call = <T = unknown>(method: string, path: string, body?: unknown): Promise<Reply<T>> =>
    callTables<T>(caller, method, path, body);

  interface Cell {
    id: string;
    status: string;
    value: unknown;
    display_value: string | null;
  }
  interface Page {
    data: { row_index: number; cells: Record<string, Cell> }[];
    version: number;
  }

  const rowsOf = async ({ path }: Sheet): Promise<Page> =>
    (await call<Page>('GET', `${path}/rows`)).body;

  async function done(): Promise<Sheet> {
    const sheet = await newSheet(caller, 2);
    await call('POST', `${sheet.path}/operations`, { column_ids: [sheet.computed], statuses: [] });
    caller.pass(HOUR);
    return sheet;
  }

  test('an edit makes the cells stale that read it, even without a difference', async () => {
    await open();
    const sheet = await done();
    const before = await rowsOf(sheet);
    const { id } = before.data[1]?.cells[sheet.texts] ?? { id: '' };
    const answer = before.data[1]?.cells[sheet.computed]?.value;
    const edit = (body: object) => call('PATCH', `${sheet.path}/cells/${id}`, body);
    const reply = await edit({ value: 'Aflac', display_value: 'Aflac' });
    expect(reply).toMatchObject({
      status: 200,
      body: { success: true, stale_count: 1, version: before.version + 1, cell: { id } },
    });
    const after = await rowsOf(sheet);
    expect(after.data[1]?.cells[sheet.texts]).toMatchObject({ value: 'Aflac', id });
    expect(after.data[1]?.cells[sheet.computed]).toMatchObject({ status: 'stale', value: answer });
    expect(after.data[2]?.cells[sheet.computed]).toMatchObject({ status: 'completed' });
    expect((await edit({ value: 'Aflac' })).body).toMatchObject({ stale_count: 0 });
    await call('POST', `${sheet.path}/operations`, { column_ids: [sheet.computed] });
    caller.pass(HOUR);
    const renewed = (await rowsOf(sheet)).data[1]?.cells[sheet.computed];
    expect(renewed?.status).toBe('completed');
    expect(renewed?.value).not.toEqual(answer);
    expect((await edit({ display_value: 'Aflac' })).body).toMatchObject({ stale_count: 1 });
    expect(paid()).toEqual([4, 1, 1]);
  });

  test('only text cells that are there can be edited', async () => {
    await open();
    const sheet = await done();
    const { data } = await rowsOf(sheet);
    const computed = data[1]?.cells[sheet.computed]?.id ?? '';
    const text = data[1]?.cells[sheet.texts]?.id ?? '';
    const at = (id: string) => `${sheet.path}/cells/${id}`;
    expect(await call('PATCH', at(computed), { value: 'x' })).toMatchObject({ status: 400 });
    expect(await call('PATCH', at('none'), { value: 'x' })).toMatchObject({ status: 404 });
    expect(await call('PATCH', at(text), {})).toMatchObject({ status: 422 });
    expect(await call('GET', at(text))).toMatchObject({
      body: { cell: { id: text, value: 'R1' } },
    });
  });

  test('named cells are recalculated whatever their status', async () => {
    await open();
    const sheet = await done();
    const { data } = await rowsOf(sheet);
    const id = data[1]?.cells[sheet.computed]?.id ?? '';
    const named = await call<{ execution_id: string }>(
      'POST',
      `${sheet.path}/cells/recalculations`,
      { cell_ids: [id] },
    );
    expect(named).toMatchObject({ status: 202, body: { cell_count: 1, selected_cell_count: 1 } });
    const again = await call('POST', `${sheet.path}/cells/${id}/recalculations`);
    expect(again).toMatchObject({ status: 200, body: { cell_count: 0, selected_cell_count: 1 } });
    caller.pass(HOUR);
    const path = `${sheet.path}/operations/${named.body.execution_id}`;
    expect(await call('GET', path)).toMatchObject({
      body: { operation: { status: 'completed', completed_count: 1 } },
    });
    const rows = await call('POST', `${sheet.path}/cells/recalculations`, {
      column_ids: [sheet.computed],
      row_indices: [1, 2],
    });
    expect(rows).toMatchObject({ status: 202, body: { cell_count: 2 } });
    caller.pass(HOUR);
    expect(paid()).toEqual([6, 3, 0]);
  });

  test.each(['kept', 'stale'] as const)(
    'cells of a column with another template are %s',
    async (changedColumns) => {
      await open({ promptLayer: { changedColumns } });
      const sheet = await done();
      const path = `${sheet.path}/columns/${sheet.computed}`;
      const config = { inline_template: { text: 'Which GICS sector?' } };
      expect((await call('PATCH', path, { config })).body).toMatchObject({
        requires_recalculation: true,
        affected_column_ids: [sheet.computed],
        column: { config },
      });
      const status = (await rowsOf(sheet)).data[1]?.cells[sheet.computed]?.status;
      expect(status).toBe(changedColumns === 'stale' ? 'stale' : 'completed');
      expect((await call('PATCH', path, { config, title: 'Renamed' })).body).toMatchObject({
        requires_recalculation: false,
        affected_column_ids: [],
        column: { title: 'Renamed' },
      });
      expect((await call('PATCH', path, { dependencies: [] })).body).toMatchObject({
        requires_recalculation: true,
      });
    },
  );

  test('a deleted column makes the cells stale that read it', async () => {
    await open();
    const sheet = await done();
    const gone = await call('DELETE', `${sheet.path}/columns/${sheet.texts}`);
    expect(gone).toMatchObject({ status: 200, body: { stale_count: 3 } });
    const { data } = await rowsOf(sheet);
    expect(Object.keys(data[1]?.cells ?? {})).toEqual([sheet.computed]);
    expect(await call('DELETE', `${sheet.path}/columns/${sheet.texts}`)).toMatchObject({
      status: 404,
    });
  });
});

test('one word names a change of rows or of columns of either API', async () => {
  await open({
    faults: {
      requests: ['update-rows', 'update-column', 'delete-column'].map((on) => ({
        on,
        fault: 'error' as const,
        status: 503,
      })),
    },
  });
  const place = '/api/public/v2/tables/t/sheets/s';
  const key = { 'x-api-key': 'secret' };
  for (const [method, path, headers] of [
    ['PATCH', '/v1/tables/t/rows', undefined],
    ['PATCH', '/v1/tables/t/columns/c', undefined],
    ['DELETE', '/v1/tables/t/columns/c', undefined],
    ['PATCH', `${place}/cells/c`, key],
    ['PATCH', `${place}/columns/c`, key],
    ['DELETE', `${place}/columns/c`, key],
  ] as const) {
    const reply = await fetch(caller.sandbox.url + path, {
      method,
      headers: headers ?? { authorization: 'Bearer secret' },
    });
    expect(reply.status).toBe(503);
  }
});
