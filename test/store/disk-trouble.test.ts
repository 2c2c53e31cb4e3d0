import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { storeError } from '../../src/store/disk/disk-error.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { newDisk, newPlace } from './place.ts';

const key = { workflowId: 'w', firstRunId: 'r' };
const small = newDisk(1024);
const readOnly = newDisk(64);

test('the error of a missing file names it', async () => {
  const folder = createFileStore(newPlace()).run(key);
  const missing = { code: 'store_unreadable', where: folder.locate('rows.jsonl') };
  await expect(folder.readJson('rows.jsonl')).rejects.toMatchObject(missing);
  await expect(folder.lines('rows.jsonl')[Symbol.asyncIterator]().next()).rejects.toMatchObject(
    missing,
  );
  await expect(folder.read('rows.jsonl').toArray()).rejects.toMatchObject(missing);
  await expect(folder.readJson('rows.jsonl')).rejects.toThrow(/no such file/);
  expect(await folder.exists('rows.jsonl')).toBe(false);
  expect(await folder.size('rows.jsonl')).toBeNull();
});

test('the error of a root that is a file names it', async () => {
  const root = join(newPlace(), 'file');
  await writeFile(root, '');
  const store = createFileStore(root);
  const unwritable = { code: 'store_unwritable', where: root };
  await expect(store.checkWritable()).rejects.toMatchObject(unwritable);
  await expect(store.run(key).create('a.jsonl')).rejects.toMatchObject(unwritable);
  await expect(store.run(key).exists('a.jsonl')).rejects.toMatchObject({
    code: 'store_unwritable',
  });
  // Put right, it works without a new store.
  await rm(root);
  await store.checkWritable();
  await store.run(key).writeJson('a.json', 1);
});

test('a folder where a file should go is unwritable and the draft is removed', async () => {
  const folder = createFileStore(newPlace()).run(key);
  await folder.writeJson('taken/inside.json', 1);
  const draft = await folder.create('taken');
  await draft.line('x');
  await expect(draft.commit()).rejects.toMatchObject({
    code: 'store_unwritable',
    where: folder.locate('taken'),
  });
  await draft.discard();
  expect(await readdir(folder.path)).toEqual(['taken']);
});

const onSmallDisk = small === null ? test.skip : test;
onSmallDisk(
  'a full disk stops the writer, keeps the old file and leaves no draft (needs mount)',
  async () => {
    if (small === null) return;
    const folder = createFileStore(small.path).run(key);
    await folder.writeJson('results.jsonl', 'old');
    const draft = await folder.create('results.jsonl');
    const fill = async () => {
      for (let row = 0; row < 3000; row += 1) await draft.line('x'.repeat(1000));
      await draft.commit();
    };
    await expect(fill()).rejects.toMatchObject({
      code: 'store_full',
      where: folder.locate('results.jsonl'),
    });
    await draft.discard();
    expect(await readdir(folder.path)).toEqual(['results.jsonl']);
    expect(await folder.readJson('results.jsonl')).toBe('old');

    // A draft that fits into memory fails when it is committed.
    const filler = await folder.create('filler.jsonl');
    for (let row = 0; row < 900; row += 1) await filler.line('x'.repeat(1000));
    await filler.commit();
    const late = await folder.create('late.jsonl');
    for (let row = 0; row < 200; row += 1) await late.line('x'.repeat(1000));
    await expect(late.commit()).rejects.toMatchObject({ code: 'store_full' });
    expect(await folder.list('')).toEqual(['filler.jsonl', 'results.jsonl']);
    expect(await readdir(folder.path)).toHaveLength(2);
  },
);

const onReadOnlyDisk = readOnly === null ? test.skip : test;
onReadOnlyDisk('a read-only disk is unwritable and still readable (needs mount)', async () => {
  if (readOnly === null) return;
  const store = createFileStore(readOnly.path);
  await store.run(key).writeJson('a.json', 1);
  readOnly.makeReadOnly();
  const unwritable = { code: 'store_unwritable' };
  await expect(store.checkWritable()).rejects.toMatchObject(unwritable);
  await expect(createFileStore(readOnly.path).checkWritable()).rejects.toThrow(/read-only.*EROFS/);
  await expect(store.run(key).writeJson('a.json', 2)).rejects.toMatchObject(unwritable);
  await expect(store.run(key).remove('a.json')).rejects.toMatchObject(unwritable);
  expect(await store.run(key).readJson('a.json')).toBe(1);
});

test.each([
  ['ENOENT', 'read', 'store_unreadable'],
  ['ENOENT', 'write', 'store_unwritable'],
  ['EACCES', 'read', 'store_unwritable'],
  ['EACCES', 'write', 'store_unwritable'],
  ['EPERM', 'write', 'store_unwritable'],
  ['EROFS', 'write', 'store_unwritable'],
  ['EISDIR', 'read', 'store_unwritable'],
  ['ENOTDIR', 'write', 'store_unwritable'],
  ['ENOSPC', 'write', 'store_full'],
  ['EDQUOT', 'write', 'store_full'],
  ['EIO', 'read', 'store_unwritable'],
] as const)('%s on %s is %s', (errno, doing, code) => {
  const error = storeError(doing, '/store/a', Object.assign(new Error('x'), { code: errno }));
  expect(error.code).toBe(code);
  expect(error.message).toContain('/store/a');
  expect(error.message).toContain(errno);
});
