import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { RowsSpec } from '../../src/contract/pipeline.ts';
import { createDigestDraft } from '../../src/sources/digest-draft.ts';
import { takeSnapshot, type SnapshotOptions } from '../../src/sources/snapshot.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { outcomeOf, rowsFile } from './rows-file.ts';

const root = await mkdtemp(join(tmpdir(), 'rowmill-snapshot-'));
afterAll(() => rm(root, { recursive: true, force: true }));
const store = createFileStore(join(root, 'store'));
let runs = 0;

const folder = () => {
  runs += 1;
  return store.run({ workflowId: `w${runs}`, firstRunId: 'r' });
};

const specOf = async (
  text: string,
  format: 'csv' | 'jsonl' | 'json' = 'csv',
): Promise<RowsSpec> => ({
  source: await rowsFile(text, format),
  key: 'id',
  map: { input: 'name' },
});

const snapshot = async (rows: RowsSpec, options: SnapshotOptions = {}, inputs = ['input']) =>
  takeSnapshot(rows, inputs, createDigestDraft(), options);

const failure = async (text: string, format: 'csv' | 'jsonl' | 'json' = 'csv') =>
  outcomeOf(snapshot(await specOf(text, format)));

test('rows are frozen in the order of the source, under their digest', async () => {
  const target = folder();
  const rows = await specOf('id,name,other\n a ,"Ü, ""x""",1\nb,y,\n');
  const { ref, warnings } = await takeSnapshot(rows, ['input'], await target.create('rows.jsonl'));
  const bytes = await readFile(target.locate('rows.jsonl'));
  expect(bytes.toString()).toBe(
    '{"key":"a","input":{"input":"Ü, \\"x\\""},"source":{"other":"1"}}\n' +
      '{"key":"b","input":{"input":"y"},"source":{"other":""}}\n',
  );
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(ref).toEqual({ digest: `sha256:${sha256}`, rows: 2, bytes: bytes.length });
  expect(warnings).toEqual([expect.stringContaining('around 1 keys')]);
});

test('a draft that keeps nothing knows the same digest', async () => {
  const rows = await specOf('id,name\na,x\nb,ü\n');
  const written = await takeSnapshot(rows, ['input'], await folder().create('rows.jsonl'));
  expect(await snapshot(rows)).toEqual(written);
});

test('the same rows in another format are the same snapshot', async () => {
  const csv = await snapshot(await specOf('id;name\n1;x\n2;y\n'));
  const jsonl = '{"name":"x","id":1}\n{"id":"2","name":"y"}\n';
  expect(await snapshot(await specOf(jsonl, 'jsonl'))).toEqual(csv);
  expect(await snapshot(await specOf(`[${jsonl.trim().replace('\n', ',')}]`, 'json'))).toEqual(csv);
});

test('nothing is left behind when a row is bad', async () => {
  const target = folder();
  const draft = await target.create('rows.jsonl');
  const rows = await specOf('id,name\na,x\na,y\n');
  expect(await outcomeOf(takeSnapshot(rows, ['input'], draft))).toMatch(/^rows_invalid/);
  expect(await target.exists('rows.jsonl')).toBe(false);
  expect(await readdir(target.path)).toEqual([]);
});

test('every problem is named with its line', async () => {
  const key = 'k'.repeat(1025);
  const text = `id,name\na,x\n,x\na,y\nb,\nc,x,1\n${key},x\n"d\ne",x\n, \n`;
  expect((await failure(text)).split('\n').slice(0)).toEqual([
    expect.stringMatching(/^rows_invalid: .*: 6 of 7 rows cannot be used$/),
    'line 3: the key "id" is empty',
    'line 4: the key "a" stands on line 2 already',
    'line 5: "name" is empty',
    'line 6: 3 fields, the header has 2',
    'line 7: the key "id" is longer than 1024 bytes',
    'line 8: the key "id" holds a line break or another control character',
  ]);
});

test('of many problems only twenty are spelled out', async () => {
  const lines = (await failure(`id,name\n${'a,\n'.repeat(100)}`)).split('\n');
  // 100 empty names and 99 repeated keys.
  expect(lines).toHaveLength(22);
  expect(lines.at(-1)).toBe('… and 179 more');
});

test('a field over the cap is named with its size', async () => {
  const long = await failure(`id,name\na,${'x'.repeat(300 * 1024)}\n`);
  expect(long).toMatch(/^rows_invalid: /);
  expect(long).toContain('line 2: "name" has 300 KiB, at most 256 KiB are allowed');
  const huge = await failure(`{"id":"a","name":"${'x'.repeat(10 * 1024 * 1024)}"}\n`, 'jsonl');
  expect(huge).toContain('line 1: "name" has 10240 KiB, at most 256 KiB are allowed');
  const rows = await specOf('id,name\na,üü\n');
  expect((await snapshot(rows, { fieldBytesCap: 4 })).ref.rows).toBe(1);
  expect(await outcomeOf(snapshot(rows, { fieldBytesCap: 3 }))).toMatch(/^rows_invalid/);
});

test('a header without the columns names those there are and the nearest word', async () => {
  const found = await failure('Id,nmae,city\na,x,y\n');
  expect(found).toMatch(/^rows_invalid: /);
  expect(found).toContain('there is no column "id" · did you mean "Id"?');
  expect(found).toContain('there is no column "name" · did you mean "nmae"?');
  expect(found).toContain('columns: "Id", "nmae", "city"');
});

test('a column that no row of a list has is reported once', async () => {
  const found = await failure('{"id":1,"nam":"x"}\n{"id":2,"nam":"y"}\n', 'jsonl');
  expect(found).toContain('there is no column "name" · did you mean "nam"?');
  const some = await failure('{"id":1,"name":"x"}\n{"id":2}\n', 'jsonl');
  expect(some).toContain('line 2: "name" is empty');
});

test.each([
  ['null', 'null', 'is missing'],
  ['a list', '["a"]', 'is a list'],
  ['true', 'true', 'is a boolean'],
  ['a number past exactness', '12345678901234567890', 'read as 12345678901234567000'],
])('a key that is %s is refused', async (_, key, message) => {
  expect(await failure(`[{"id":${key},"name":"x"}]`, 'json')).toContain(message);
});

test('broken lines alone are a broken source', async () => {
  expect(await failure('{"id":1,"name":"x"}\n{"id":\n', 'jsonl')).toMatch(
    /^source_unreadable: .*1 of 2 rows cannot be used\nline 2: broken JSON at column 7: the text ends too early$/s,
  );
});

test.each(['', 'id,name\n', '\n\n'])('a source without rows says so: %j', async (text) => {
  expect(await failure(text)).toMatch(/^rows_empty: /);
});

test('inputs of the table that are not mapped are taken from columns of the same name', async () => {
  const target = folder();
  const rows = await specOf('id,name,notes,web\na,x,n,\n');
  rows.map = { input: 'name', site: 'web' };
  const draft = await target.create('rows.jsonl');
  await takeSnapshot(rows, ['input', 'notes'], draft);
  // `site` is mapped, but no input that must be filled: empty means left out.
  expect(await readFile(target.locate('rows.jsonl'), 'utf8')).toBe(
    '{"key":"a","input":{"input":"x","notes":"n"}}\n',
  );
});

test('stops on its signal', async () => {
  const rows = await specOf('id,name\na,x\n');
  const reason = new Error('enough');
  await expect(snapshot(rows, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
