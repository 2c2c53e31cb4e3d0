import { afterEach, expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import type { TableRunRef, TableRef } from '../../src/contract/table.ts';
import { createPromptLayerProvider } from '../../src/providers/promptlayer/provider.ts';
import type { CallContext, Provider } from '../../src/providers/provider.ts';
import { failureOf } from '../http/calls.ts';
import { closeServers } from '../http/server.ts';
import { readAll, stageOf, type Scene } from './sandbox-scene.ts';
import { openWire } from './wire.ts';

const { scene, clear } = stageOf(createPromptLayerProvider);
afterEach(async () => {
  await closeServers();
  await clear();
});

const prompt = (title: string, text: string, reads: string) => ({
  title,
  type: 'PROMPT_TEMPLATE',
  config: {
    inline_template: {
      inline: true,
      prompt_template: {
        type: 'chat',
        messages: [{ role: 'user', content: [{ type: 'text', text }] }],
      },
    },
    prompt_template_variable_mappings: { word: reads },
  },
});

/** The column that reads another one stands first. */
const spec: TableSpec = {
  tags: [],
  columns: [
    prompt('Pitch', 'Write a pitch for a {word} company', 'Sector'),
    { title: 'Company', type: 'TEXT' },
    prompt('Sector', 'Which GICS sector is {word} in?', 'Company'),
  ],
};

const rowsOf = (count: number): SnapshotRow[] =>
  Array.from({ length: count }, (_, nth) => ({
    key: `K${nth}`,
    input: { Company: nth === 0 ? '3M' : `Company ${nth}` },
  }));

type NthRequest = NonNullable<FaultScript['requests']>[number];

interface Loaded {
  table: TableRef;
  rowIds: string[];
}

async function load(provider: Provider, rows: SnapshotRow[]): Promise<Loaded> {
  const made = await provider.createTable(spec, 'A table', 'run-1', {});
  const table = await provider.ensureColumns(made, spec, {});
  const rowIds: string[] = [];
  for (let from = 0; from < rows.length; from += provider.limits.rowsPerAdd) {
    const part = rows.slice(from, from + provider.limits.rowsPerAdd);
    rowIds.push(...(await provider.addRows(table, part, {})));
  }
  return { table, rowIds };
}

const computedIds = (table: TableRef): string[] =>
  table.columns.filter((column) => !column.input).map(({ id }) => id);

async function runToTheEnd(
  { provider, passMs }: Scene,
  { table, rowIds }: Loaded,
  maxCells?: number,
  ctx: CallContext = {},
): Promise<TableRunRef> {
  const scope = { mode: 'new', columnIds: computedIds(table), rowIds } as const;
  const tableRun = await provider.startTableRun(
    table,
    maxCells === undefined ? scope : { ...scope, maxCells },
    ctx,
  );
  for (let reads = 1; reads < 1000; reads += 1) {
    passMs(2000);
    const { running } = await provider.progress(table, tableRun, {});
    if (!running) return tableRun;
  }
  throw new Error('it never became idle');
}

const PERFECT = { failRate: 0, alwaysFailsRate: 0 };

test('rows go in by the hundred and come back by their keys, page by page', async () => {
  const here = await scene(PERFECT);
  const loaded = await load(here.provider, rowsOf(230));
  const tableRun = await runToTheEnd(here, loaded);
  expect(tableRun.requestedCells).toBe(460);
  const rows = await readAll(here.provider, loaded.table);
  expect(rows.map(({ key }) => key)).toEqual(rowsOf(230).map(({ key }) => key));
  expect(rows.map(({ id }) => id)).toEqual(loaded.rowIds);
  expect(rows[0]?.cells['Sector']).toMatchObject({ status: 'done', value: 'Industrials' });
  expect(rows.every(({ cells }) => cells['Pitch']?.status === 'done')).toBe(true);
});

test('a blank row that cannot be deleted is never run', async () => {
  const here = await scene({ ...PERFECT, promptLayer: { rowDeletes: 'refused' } });
  const loaded = await load(here.provider, rowsOf(2));
  const { provider } = here;
  const { table } = loaded;
  expect(table.columns.map(({ key }) => key)).toEqual([
    'Company',
    'rowmill key',
    'Sector',
    'Pitch',
  ]);
  expect(loaded.rowIds).toEqual(['1', '2']);
  expect(await provider.rowCount(table, {})).toBe(2);
  const tableRun = await runToTheEnd(here, loaded);
  expect(tableRun.requestedCells).toBe(4);
  const rows = await readAll(provider, table);
  expect(rows.map(({ key }) => key)).toEqual(['K0', 'K1']);
  expect(await provider.progress(table, null, {})).toMatchObject({ cellsTotal: 4, cellsDone: 4 });
});

test('ensuring the columns of a tagged table again makes none twice', async () => {
  const { provider } = await scene();
  const { table } = await load(provider, rowsOf(1));
  const again = await provider.ensureColumns(table, spec, {});
  expect(again).toEqual(table);
  expect((await provider.findTables('run-1', {})).map(({ id }) => id)).toEqual([table.id]);
  await provider.deleteTable(table.id, {});
  await provider.deleteTable(table.id, {});
  expect(await provider.findTables('run-1', {})).toEqual([]);
});

test('in an untouched table only the new sheet is used', async () => {
  const { provider } = await scene();
  const { id } = await provider.createTable(spec, 'A table', 'run-1', {});
  const requests: string[] = [];
  const onRequest = (route: string) => requests.push(route.split(' ')[0] ?? '');
  await provider.ensureColumns({ id, untouched: true }, spec, { onRequest });
  expect(requests).toEqual(['POST', 'GET', 'PATCH', 'POST', 'DELETE', 'GET', 'POST', 'POST']);
  expect((await provider.ensureColumns({ id }, spec, {})).columns).toHaveLength(4);
});

test('a column refers to its inputs by id', async () => {
  const { sandbox } = await scene();
  const wire = await openWire(sandbox.url);
  const provider = createPromptLayerProvider({ baseUrl: wire.url, token: 'sandbox-token-1' });
  const columns = [
    { title: 'Same', type: 'COMPARE', config: { sources: ['Sector', 'Company'] } },
    ...spec.columns,
  ];
  const { id } = await provider.createTable(spec, 'A table', 'run-1', {});
  const table = await provider.ensureColumns({ id }, { ...spec, columns }, {});
  const idOf = (title: string): string => table.columns.find(({ key }) => key === title)?.id ?? '';
  const sent = wire.received
    .filter(({ method, url }) => method === 'POST' && url.endsWith('/columns'))
    .map(({ body }): unknown => JSON.parse(body));
  const reads = (title: string, more: object) => ({
    column_id: idOf(title),
    reference_type: 'value',
    ...more,
  });
  const variable = (title: string) =>
    reads(title, {
      config_key: 'prompt_template_variable_mappings',
      config_meta: { variable_name: 'word' },
    });
  const source = (title: string, position: number) =>
    reads(title, { config_key: 'sources', config_meta: { position } });
  expect(sent).toEqual([
    { title: 'rowmill key', type: 'TEXT' },
    { ...spec.columns[2], dependencies: [variable('Company')] },
    { ...columns[0], dependencies: [source('Sector', 0), source('Company', 1)] },
    { ...spec.columns[0], dependencies: [variable('Sector')] },
  ]);
});

test('the confirmation is given up to the cells that were approved, never beyond', async () => {
  const here = await scene({ ...PERFECT, promptLayer: { confirmAbove: 5, cellsPerExecution: 4 } });
  const loaded = await load(here.provider, rowsOf(5));
  const confirmed: number[] = [];
  const ctx = { onConfirmed: (cells: number) => void confirmed.push(cells) };
  for (const approved of [undefined, 9]) {
    const refused = await failureOf(runToTheEnd(here, loaded, approved, ctx));
    expect(refused).toMatchObject({ code: 'spend_refused' });
  }
  expect(confirmed).toEqual([]);
  const tableRun = await runToTheEnd(here, loaded, 10, ctx);
  expect(tableRun.operations).toHaveLength(3);
  expect(confirmed).toEqual([10]);
  const rows = await readAll(here.provider, loaded.table);
  expect(rows.every(({ cells }) => cells['Pitch']?.status === 'done')).toBe(true);
  const nothing = await runToTheEnd(here, loaded, 10);
  expect(nothing).toEqual({ operations: [], requestedCells: 0 });
});

test('a confirmation counts only when it may have arrived', async () => {
  const countOf = async (fault: NthRequest): Promise<number[]> => {
    const faults = { requests: [fault] };
    const here = await scene({ ...PERFECT, faults, promptLayer: { confirmAbove: 5 } });
    const loaded = await load(here.provider, rowsOf(5));
    const confirmed: number[] = [];
    const ctx = { onConfirmed: (cells: number) => void confirmed.push(cells) };
    await failureOf(runToTheEnd(here, loaded, 10, ctx));
    return confirmed;
  };
  const yes = { on: 'start-run', nth: 2 };
  expect(await countOf({ ...yes, fault: 'reset', phase: 'after' })).toEqual([10]);
  expect(await countOf({ ...yes, fault: 'payment', reason: 'insufficient_credits' })).toEqual([]);
});

test('values that come wrapped are read, keys as well as answers', async () => {
  const here = await scene({ ...PERFECT, promptLayer: { values: 'wrapped', rowWords: 'upper' } });
  const loaded = await load(here.provider, rowsOf(3));
  await runToTheEnd(here, loaded);
  const rows = await readAll(here.provider, loaded.table);
  expect(rows.map(({ key }) => key)).toEqual(['K0', 'K1', 'K2']);
  expect(rows[0]?.cells['Sector']).toMatchObject({ status: 'done', value: 'Industrials' });
});

test('cells missing from the counts before a run are counted after it', async () => {
  const here = await scene({ ...PERFECT, promptLayer: { neverComputed: 'virtual' } });
  const loaded = await load(here.provider, rowsOf(3));
  const before = await here.provider.progress(loaded.table, null, {});
  expect(before).toMatchObject({ cellsTotal: 0, cellsDone: 0, running: false });
  const [row] = await readAll(here.provider, loaded.table);
  expect(row?.cells['Sector']).toEqual({ status: 'pending', rawStatus: '', value: null });
  const { operations, requestedCells } = await runToTheEnd(here, loaded);
  expect(operations).toHaveLength(1);
  // Six were queued, though the reply has them under another name.
  expect(requestedCells).toBe(6);
  const tableRun = { operations, requestedCells, before: { cellsTotal: 6, cellsDone: 0 } };
  const over = { running: false, cellsTotal: 6, cellsDone: 6 };
  expect(await here.provider.progress(loaded.table, tableRun, {})).toMatchObject(over);
  const ofSheet = { ...tableRun, operations: [] };
  expect(await here.provider.progress(loaded.table, ofSheet, {})).toMatchObject(over);
  expect(await runToTheEnd(here, loaded)).toEqual({ operations: [], requestedCells: 0 });
});

test('both places of the cursor are read', async () => {
  const here = await scene({ promptLayer: { cursorIn: 'top' } });
  const { table } = await load(here.provider, rowsOf(120));
  expect(await readAll(here.provider, table)).toHaveLength(120);
});

test('types in lower case make the same table', async () => {
  const { provider, sandbox } = await scene();
  const columns = spec.columns.map(({ type, ...rest }) => ({
    ...rest,
    type: type === 'TEXT' ? 'text' : 'prompt_template',
  }));
  const made = await provider.createTable({ ...spec, columns }, 'A table', 'run-1', {});
  const { columns: found } = await provider.ensureColumns(made, { ...spec, columns }, {});
  expect(found.map(({ key, input }) => [key, input])).toEqual([
    ['Company', true],
    ['rowmill key', true],
    ['Sector', false],
    ['Pitch', false],
  ]);
  const sheets = [...sandbox.state.promptLayer.books.values()].flatMap((book) => book.sheets);
  // That of a blank sheet was taken for the first one.
  expect(sheets.flatMap((sheet) => sheet.columns.map(({ title }) => title))).toHaveLength(4);
});

test('a failed cell says why', async () => {
  const here = await scene({ failRate: 1, alwaysFailsRate: 1 });
  const loaded = await load(here.provider, rowsOf(1));
  await runToTheEnd(here, loaded);
  const [row] = await readAll(here.provider, loaded.table);
  expect(row?.cells['Sector']).toMatchObject({ status: 'failed', rawStatus: 'error' });
  expect(row?.cells['Sector']?.reason).toMatch(/no answer for 3M/);
});

test('a cancelled run reports the cells that had not started', async () => {
  const here = await scene(PERFECT);
  const { table, rowIds } = await load(here.provider, rowsOf(60));
  const scope = { mode: 'new', columnIds: computedIds(table), rowIds } as const;
  const tableRun = await here.provider.startTableRun(table, scope, {});
  const cancelled = await here.provider.cancelQueuedCells?.(table, tableRun, {});
  expect(cancelled?.cells).toBeGreaterThan(0);
});

test('an operation that is gone keeps no other one from being cancelled', async () => {
  const here = await scene({ ...PERFECT, promptLayer: { cellsPerExecution: 40 } });
  const { table, rowIds } = await load(here.provider, rowsOf(60));
  const scope = { mode: 'new', columnIds: computedIds(table), rowIds } as const;
  const tableRun = await here.provider.startTableRun(table, scope, {});
  expect(tableRun.operations).toHaveLength(3);
  const wire = await openWire(here.sandbox.url);
  wire.trouble('change', { status: 404 });
  const provider = createPromptLayerProvider({ baseUrl: wire.url, token: 'sandbox-token-1' });
  const cancelled = await provider.cancelQueuedCells?.(table, tableRun, {});
  expect(wire.received.filter(({ method }) => method === 'DELETE')).toHaveLength(3);
  expect(cancelled?.cells).toBeGreaterThan(0);
});

test('a rejected key is reported as such', async () => {
  const { provider } = await scene({}, 'another');
  expect(await failureOf(provider.account({}))).toMatchObject({ code: 'unauthorized' });
});

test.each(['error', 'nan'] as const)(
  'the columns of a filled sheet are found although its first row cannot be read (%s)',
  async (how) => {
    const requests: NthRequest[] = [
      {
        on: 'read-rows',
        fault: 'unreadable-rows',
        rows: [0],
        how,
        while: { rows: { atLeast: 3 } },
      },
    ];
    const { provider, sandbox } = await scene({ faults: { requests } });
    const { table } = await load(provider, rowsOf(3));
    const found = await provider.ensureColumns({ id: table.id }, spec, {});
    expect(found).toEqual(table);
    expect(sandbox.ledger.summary().rowsLive).toBe(3);
  },
);

test('a read of the first row that fails only once is repeated before the last row is read', async () => {
  const requests: NthRequest[] = [
    { on: 'read-rows', fault: 'error', status: 503, nth: 1, while: { rows: { atLeast: 3 } } },
  ];
  const promptLayer = { rowDeletes: 'refused' } as const;
  const { provider } = await scene({ faults: { requests }, promptLayer });
  const { table } = await load(provider, rowsOf(3));
  expect(table.placeholderRows).toBeDefined();
  expect(await provider.ensureColumns({ id: table.id }, spec, {})).toEqual(table);
});
