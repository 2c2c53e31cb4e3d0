import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import { compareRows } from '../../src/nights/compare-rows.ts';
import { lineAt, placedLines } from '../../src/nights/line-at.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';

let root: string;
let folder: Folder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowmill-nights-'));
  folder = createFileStore(root).pipeline({ pipeline: 'nightly', owner: null });
});
afterEach(() => rm(root, { recursive: true }));

async function write(name: string, rows: SnapshotRow[]) {
  const draft = await folder.create(name);
  for (const row of rows) await draft.line(JSON.stringify(row));
  await draft.commit();
  return { folder, name };
}

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of from) list.push(one);
  return list;
}

const row = (key: string, name: string, more: Partial<SnapshotRow> = {}): SnapshotRow => ({
  key,
  input: { name, size: 5 },
  ...more,
});

test('a comparison names only rows that are new, changed, returned or gone', async () => {
  const last = await write('last.jsonl', [
    row('A', 'a'),
    row('B', 'b'),
    row('C', 'c'),
    row('D', 'd', { vanished: true }),
    row('E', 'e', { vanished: true }),
  ]);
  const next = await write('next.jsonl', [
    row('X', 'x'),
    row('D', 'd'),
    row('C', 'other', { source: { note: 1 } }),
    row('A', 'a', { source: { note: 2 } }),
  ]);
  expect(await all(compareRows(last, next))).toEqual([
    { change: 'new', key: 'X' },
    { change: 'changed', key: 'D', inputs: [], returned: true },
    { change: 'changed', key: 'C', inputs: ['name'], returned: false },
    { change: 'vanished', key: 'B', row: row('B', 'b') },
    { change: 'vanished', key: 'E', row: row('E', 'e', { vanished: true }) },
  ]);
});

test('without a last night every row is new', async () => {
  const next = await write('next.jsonl', [row('A', 'a'), row('B', 'b')]);
  expect(await all(compareRows(null, next))).toEqual([
    { change: 'new', key: 'A' },
    { change: 'new', key: 'B' },
  ]);
});

test('a line is read by its place, however long the lines before it are', async () => {
  const names = ['é'.repeat(70_000), 'b', '🙂'.repeat(40_000), 'ü', ''];
  const file = await write(
    'long.jsonl',
    names.map((name, nth) => row(`K${nth}`, name)),
  );
  const placed = await all(placedLines(folder, file.name));
  for (const [nth, { place, text }] of placed.entries()) {
    expect(JSON.parse(text)).toEqual(row(`K${nth}`, names[nth] ?? ''));
    expect(await lineAt(folder, file.name, place)).toBe(text);
  }
});
