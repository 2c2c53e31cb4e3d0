import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cellSetFile } from '../../activities/run-files/cell-set-file.ts';
import { openCellsFile, type OpenCell } from '../../activities/run-files/open-cells.ts';
import { cellsBefore } from '../../activities/table/pass-evidence.ts';
import type { CellOutcome } from '../../src/contract/results.ts';
import type { RunMode, TableRef } from '../../src/contract/table.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';
import { writeJsonLines } from '../support/write-lines.ts';

const KEYS = ['sector', 'news'];
const TABLE: TableRef = {
  id: 't',
  url: null,
  columns: KEYS.map((key) => ({
    id: `id-${key}`,
    key,
    name: key,
    input: false,
    ours: true,
    dependsOn: [],
  })),
};
const PASS = { pass: 1, scan: 1, table: TABLE };

let root: string;
let folder: Folder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowmill-evidence-'));
  folder = createFileStore(root).run({ workflowId: 'w', firstRunId: 'r' });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (row: number, column: string, status: CellOutcome): OpenCell => ({
  key: `S${row}`,
  rowId: `r${row}`,
  column,
  status,
  reason: '',
  attempts: 1,
  inFlight: false,
  startable: false,
});

const asked = (row: number, ...groups: [RunMode, string[]][]) => ({
  rowId: `r${row}`,
  key: `S${row}`,
  groups: groups.map(([mode, columns]) => ({ reason: 'new', mode, columns })),
});

const scopeOf = (mode: RunMode, ...rowIds: string[]) => ({
  mode,
  columnIds: KEYS.map((key) => `id-${key}`),
  ...(rowIds.length === 0 ? {} : { rowIds }),
});

test('only cells of the set in the mode of the request show that it was carried out', async () => {
  await writeJsonLines(folder, openCellsFile(1), [
    open(0, 'sector', 'failed'),
    open(1, 'sector', 'pending'),
    open(1, 'news', 'failed'),
    open(2, 'sector', 'failed'),
  ]);
  await writeJsonLines(folder, cellSetFile(1), [
    asked(0, ['failed', ['sector']]),
    asked(1, ['new', ['sector']], ['failed', ['news']]),
  ]);
  const failed = await cellsBefore(PASS, folder, scopeOf('failed'));
  expect(failed?.cells.size).toBe(2);
  expect(failed?.cells.has('r1', 'news')).toBe(true);
  expect(failed?.cells.has('r2', 'sector')).toBe(false);
  const pending = await cellsBefore(PASS, folder, scopeOf('new'));
  expect(pending?.cells.size).toBe(1);
  expect(pending?.cells.hasStatus('r1', 'sector', 'pending')).toBe(true);
  const named = await cellsBefore(PASS, folder, scopeOf('failed', 'r0'));
  expect(named?.cells.size).toBe(1);
});

test('an answer that is asked for again shows by its time, where the provider gives one', async () => {
  const at = '2026-01-01T00:00:00.000Z';
  const cells = { sector: { status: 'done', value: 'x', updatedAt: at } };
  const empty = { sector: { status: 'empty', value: null } };
  await writeJsonLines(folder, openCellsFile(1), [
    open(0, 'sector', 'done'),
    open(1, 'sector', 'empty'),
  ]);
  await writeJsonLines(folder, cellSetFile(1), [
    asked(0, ['all', ['sector']]),
    asked(1, ['all', ['sector']]),
  ]);
  await writeJsonLines(folder, 'results.jsonl', [
    { key: 'S0', rowId: 'r0', input: {}, cells, complete: true },
    { key: 'S1', rowId: 'r1', input: {}, cells: empty, complete: false },
  ]);
  const timed = await cellsBefore(PASS, folder, scopeOf('all', 'r0'));
  expect(timed?.showsNewAnswers).toBe(true);
  expect(timed?.cells.hasTime('r0', 'sector', at)).toBe(true);
  const both = await cellsBefore(PASS, folder, scopeOf('all', 'r0', 'r1'));
  expect(both?.showsNewAnswers).toBe(false);
  expect(both?.cells.hasStatus('r1', 'sector', 'done')).toBe(true);
});

test('a table that was never scanned has no such cells', async () => {
  expect(await cellsBefore({ ...PASS, scan: null }, folder, scopeOf('new'))).toBeNull();
});
