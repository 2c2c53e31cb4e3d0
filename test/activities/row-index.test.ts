import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { RowIndex } from '../../activities/run-files/snapshot.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';

const place = mkdtempSync(join(tmpdir(), 'rowmill-row-index-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

let folders = 0;

/** A run's folder whose snapshot has these keys. */
async function snapshotOf(...keys: string[]): Promise<Folder> {
  folders += 1;
  const folder = createFileStore(place).run({ workflowId: `w${folders}`, firstRunId: 'r' });
  const draft = await folder.create('rows.jsonl');
  for (const key of keys) await draft.line(JSON.stringify({ key, input: { input: ',"input":' } }));
  await draft.commit();
  return folder;
}

test('keys in the order of the snapshot, page by page', async () => {
  const index = new RowIndex(await snapshotOf('a', 'b', 'c', 'd'));
  expect(await index.of(['a', 'b'])).toEqual([0, 1]);
  expect(await index.of(['c', 'd'])).toEqual([2, 3]);
  await index.close();
});

test('keys out of order, duplicate, foreign or missing are found', async () => {
  const index = new RowIndex(await snapshotOf('a', 'b', 'c', 'd'));
  expect(await index.of(['a', null, 'c', 'b'])).toEqual([0, undefined, 2, 1]);
  expect(await index.of(['c', 'x', 'd', 'a'])).toEqual([2, undefined, 3, 0]);
  await index.close();
});

test('keys are found however far they are out of place', async () => {
  const keys = Array.from({ length: 2_500 }, (_, n) => `k${n}`);
  const index = new RowIndex(await snapshotOf(...keys));
  expect(await index.of(['k900', 'k0', 'k2499', 'k1'])).toEqual([900, 0, 2_499, 1]);
  await index.close();
});

test('fields are those of a row, wherever it comes', async () => {
  const folder = await snapshotOf('a', 'b', 'c');
  const index = new RowIndex(folder, ({ key }) => ({ key }));
  await index.of(['b', 'a']);
  expect([index.fields(0), index.fields(1)]).toEqual([{ key: 'a' }, { key: 'b' }]);
  await index.of(['c', 'a']);
  expect([index.fields(2), index.fields(0)]).toEqual([{ key: 'c' }, { key: 'a' }]);
  await index.close();
});

test('more rows than the snapshot has are foreign', async () => {
  const index = new RowIndex(await snapshotOf('a'));
  expect(await index.of(['a', 'b', 'a'])).toEqual([0, undefined, 0]);
  await index.close();
});

test('a scan that goes on begins behind the rows that were read before', async () => {
  const index = new RowIndex(await snapshotOf('a', 'b', 'c'));
  await index.skip(2);
  expect(await index.of(['c', 'a'])).toEqual([2, 0]);
  await index.close();
});

test('a key may be any text', async () => {
  const keys = ['","input":{', 'é\n"\\', '\u2028', '{"key":"x"}'];
  const index = new RowIndex(await snapshotOf(...keys));
  expect(await index.of(keys)).toEqual([0, 1, 2, 3]);
  await index.close();
});

test('a damaged snapshot is said to be one', async () => {
  const folder = await snapshotOf('a');
  const draft = await folder.create('rows.jsonl');
  await draft.line('{"key":"a');
  await draft.commit();
  await expect(new RowIndex(folder).of(['a'])).rejects.toMatchObject({ code: 'snapshot_changed' });
});
