import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cellSetFile } from '../../activities/run-files/cell-set-file.ts';
import { openCellsFile, type OpenCell } from '../../activities/run-files/open-cells.ts';
import { chooseCells, type PassScope } from '../../activities/table/choose-cells.ts';
import { scopesOf } from '../../activities/table/cell-set-scopes.ts';
import type { Column, TableRef } from '../../src/contract/table.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';
import { writeJsonLines } from '../support/write-lines.ts';

const column = (key: string, more: Partial<Column> = {}): Column => ({
  id: `id-${key}`,
  key,
  name: key,
  input: false,
  ours: true,
  dependsOn: [],
  ...more,
});

const COLUMNS = [
  column('input', { input: true }),
  column('profile', { ours: false }),
  column('sector', { dependsOn: ['profile'] }),
  column('ceo', { dependsOn: ['profile'] }),
];
const TABLE: TableRef = { id: 't', url: null, columns: COLUMNS };

const FIRST: PassScope = {
  pass: 1,
  kind: 'first',
  mode: 'new',
  table: TABLE,
  scan: null,
  rows: 4,
  mayHaveDuplicates: false,
};
const FAILED: PassScope = { ...FIRST, pass: 2, kind: 'failed', mode: 'failed', scan: 1 };

let root: string;
let folder: Folder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowmill-cells-'));
  folder = createFileStore(root).run({ workflowId: 'w', firstRunId: 'r' });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (row: number, key: string, more: Partial<OpenCell> = {}): OpenCell => ({
  key: `S${row}`,
  rowId: `r${row}`,
  column: key,
  status: 'failed',
  reason: 'no reason',
  attempts: 1,
  inFlight: false,
  startable: false,
  ...more,
});

async function lines(name: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const line of folder.lines(name)) found.push(JSON.parse(line));
  return found;
}

test('a whole table becomes one request without rows', async () => {
  const { asked } = await chooseCells(FIRST, folder);
  expect(asked).toEqual({ new: { sector: 4, ceo: 4 } });
  expect(await lines(cellSetFile(1))).toEqual([
    { rows: 'all', groups: [{ reason: 'new', mode: 'new', columns: ['sector', 'ceo'] }] },
    { asked, wholeColumns: ['sector', 'ceo', 'profile'] },
  ]);
  const columnIds = ['id-profile', 'id-sector', 'id-ceo'];
  const scope = { mode: 'new', columnIds, maxCells: 12, mayBeWhole: true };
  expect(await scopesOf(FIRST, folder)).toEqual([scope]);
});

test('a whole table names its rows where rows have to be named', async () => {
  const given = { ...FIRST, rows: 2, mayHaveDuplicates: true };
  await writeJsonLines(folder, 'row-ids.jsonl', [
    { key: 'S0', id: 'r0' },
    { key: 'S1', id: 'r1' },
  ]);
  await chooseCells(given, folder);
  expect(await lines(cellSetFile(1))).toHaveLength(2);
  const scopes = await scopesOf(given, folder);
  expect(scopes).toMatchObject([{ rowIds: ['r0', 'r1'], maxCells: 6, mayBeWhole: false }]);
});

test('limits cut a whole table to fewer columns or its first rows', async () => {
  const placed = [0, 1, 2, 3].map((row) => ({ key: `S${row}`, id: `r${row}` }));
  await writeJsonLines(folder, 'placed-rows.jsonl', placed);
  const given = { ...FIRST, limits: { ceo: 2 } };
  const { asked } = await chooseCells(given, folder);
  expect(asked).toEqual({ new: { sector: 4, ceo: 2 } });
  expect(await scopesOf(given, folder)).toEqual([
    {
      mode: 'new',
      columnIds: ['id-profile', 'id-sector'],
      maxCells: 8,
      mayBeWhole: false,
    },
    {
      mode: 'new',
      columnIds: ['id-profile', 'id-ceo'],
      rowIds: ['r0', 'r1'],
      maxCells: 4,
      mayBeWhole: false,
    },
  ]);
  const none = { ...FIRST, limits: { ceo: 0, sector: 0 } };
  expect((await chooseCells(none, folder)).asked).toEqual({});
  expect(await scopesOf(none, folder)).toEqual([]);
});

test('in mode `all`, a cut pass takes the columns of the provider along once in each row', async () => {
  const placed = [0, 1, 2, 3].map((row) => ({ key: `S${row}`, id: `r${row}` }));
  await writeJsonLines(folder, 'placed-rows.jsonl', placed);
  await writeJsonLines(folder, 'row-ids.jsonl', placed);
  for (const mayHaveDuplicates of [false, true]) {
    const given = { ...FIRST, mode: 'all' as const, mayHaveDuplicates, limits: { ceo: 2 } };
    await chooseCells(given, folder);
    expect(await scopesOf(given, folder)).toMatchObject([
      { mode: 'all', columnIds: ['id-profile', 'id-sector'], maxCells: 8 },
      { mode: 'all', columnIds: ['id-ceo'], rowIds: ['r0', 'r1'], maxCells: 2 },
    ]);
  }
});

test('failed cells are asked for in every row, where nothing else would be computed', async () => {
  await writeJsonLines(folder, openCellsFile(1), [
    open(0, 'sector'),
    open(2, 'ceo'),
    open(3, 'ceo'),
  ]);
  const { asked } = await chooseCells(FAILED, folder);
  expect(asked).toEqual({ failed: { sector: 1, ceo: 2 } });
  expect(await scopesOf(FAILED, folder)).toEqual([
    { mode: 'failed', columnIds: ['id-sector', 'id-ceo'], maxCells: 3, mayBeWhole: true },
  ]);
});

test('rows are named where a request for all rows might compute more', async () => {
  const others = [
    open(1, 'ceo', { status: 'pending', inFlight: true }),
    open(3, 'ceo', { rowId: '', status: 'blocked' }),
  ];
  for (const other of others) {
    await writeJsonLines(folder, openCellsFile(1), [open(0, 'sector'), open(0, 'ceo'), other]);
    await chooseCells(FAILED, folder);
    expect(await scopesOf(FAILED, folder)).toMatchObject([{ rowIds: ['r0'], maxCells: 2 }]);
  }
});

test('limits cut failed cells in the order of the rows', async () => {
  await writeJsonLines(folder, openCellsFile(1), [
    open(0, 'sector'),
    open(2, 'sector'),
    open(2, 'ceo'),
  ]);
  const given = { ...FAILED, limits: { sector: 1 } };
  expect((await chooseCells(given, folder)).asked).toEqual({ failed: { sector: 1, ceo: 1 } });
  const scopes = await scopesOf(given, folder);
  expect(scopes.map(({ columnIds, rowIds }) => [columnIds, rowIds])).toEqual([
    [['id-ceo'], undefined],
    [['id-sector'], ['r0']],
  ]);
});

test('a failed column of the provider is asked for with the cells that it blocks', async () => {
  const blocked = { status: 'blocked', blockedBy: 'profile' } as const;
  await writeJsonLines(folder, openCellsFile(1), [
    open(0, 'sector', blocked),
    open(0, 'ceo', blocked),
  ]);
  expect((await chooseCells(FAILED, folder)).asked).toEqual({});
  expect(await scopesOf(FAILED, folder)).toMatchObject([{ columnIds: ['id-profile'] }]);
});

test('a rerun of pending cells names rows only beside failed and empty cells', async () => {
  const given: PassScope = { ...FIRST, scan: 1 };
  const pending = { status: 'pending' } as const;
  const every = [0, 1, 2, 3].flatMap((row) => [open(row, 'sector', pending)]);
  await writeJsonLines(folder, openCellsFile(1), every);
  await chooseCells(given, folder);
  expect(await scopesOf(given, folder)).toMatchObject([{ maxCells: 8, mayBeWhole: true }]);

  await writeJsonLines(folder, openCellsFile(1), [...every, open(3, 'ceo', { status: 'empty' })]);
  await chooseCells(given, folder);
  // The empty cell is of a column that nothing is asked for in.
  const [scope, ...others] = await scopesOf(given, folder);
  expect(others).toEqual([]);
  expect(scope).toMatchObject({ columnIds: ['id-profile', 'id-sector'], mayBeWhole: false });
});

test('a nudge repeats the rerun of failed cells that never began, in their mode', async () => {
  await writeJsonLines(folder, openCellsFile(1), [
    open(1, 'sector', { waiting: true, rerun: true }),
    open(2, 'sector', { status: 'pending', waiting: true }),
    open(3, 'sector', { rerun: true }),
  ]);
  const nudge: PassScope = { ...FIRST, pass: 2, kind: 'nudge', scan: 1 };
  await chooseCells(nudge, folder);
  const named = (await scopesOf(nudge, folder)).map(({ mode, rowIds }) => [mode, rowIds]);
  expect(named).toEqual([
    ['failed', ['r1']],
    ['new', ['r2']],
  ]);
});
