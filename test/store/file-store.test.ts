import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { draftNameOf } from '../../src/store/disk/temp-files.ts';
import type { Folder, Store } from '../../src/store/store.ts';
import { newPlace } from './place.ts';
import { writeLines } from '../support/write-lines.ts';

const key = { workflowId: 'nightly', firstRunId: '0196f0e2' };
const newFolder = (): Folder => createFileStore(newPlace()).run(key);

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

const umask = process.umask(0o022);
afterEach(() => void process.umask(umask));

test('runs and staged inputs have their places under the root', () => {
  const root = newPlace();
  const store = createFileStore(root);
  const digest = 'a'.repeat(64);
  expect(store.location).toBe(root);
  expect(store.run(key).path).toBe(join(root, 'runs', 'nightly', '0196f0e2'));
  expect(store.staged(`sha256:${digest}`).path).toBe(join(root, 'staged', digest));
  expect(store.staged(digest).path).toBe(join(root, 'staged', digest));
  expect(() => store.staged('sha256:../../etc')).toThrow(/is not a digest/);
});

test('a relative root is made absolute', () => {
  expect(createFileStore('some/store').location).toBe(join(process.cwd(), 'some/store'));
});

test.each(['../../../etc', '/etc/passwd', '..', 'a/../../b'])(
  'a workflow id cannot leave the store: %s',
  (workflowId) => {
    const root = newPlace();
    const { path } = createFileStore(root).run({ workflowId, firstRunId: '..' });
    expect(relative(join(root, 'runs'), path)).toMatch(/^[a-z0-9-]+~[0-9a-f]+\/x~[0-9a-f]+$/);
  },
);

test('files are for the owner only, whatever the umask', async () => {
  process.umask(0);
  const root = join(newPlace(), 'deep', 'store');
  const folder = createFileStore(root).run(key);
  await writeLines(folder, 'parts/1/0.jsonl', ['x']);
  await folder.writeJson('manifest.json', {});
  expect(await modeOf(folder.locate('parts/1/0.jsonl'))).toBe('600');
  expect(await modeOf(folder.locate('manifest.json'))).toBe('600');
  for (let at = folder.locate('parts/1'); at !== dirname(dirname(root)); at = dirname(at)) {
    expect(await modeOf(at)).toBe('700');
  }
});

test('a store that is open to others is closed unless it holds other files', async () => {
  const ours = newPlace();
  await mkdir(join(ours, 'runs'));
  await chmod(ours, 0o755);
  await chmod(join(ours, 'runs'), 0o777);
  await createFileStore(ours).checkWritable();
  expect(await modeOf(ours)).toBe('700');
  expect(await modeOf(join(ours, 'runs'))).toBe('700');

  const shared = newPlace();
  await mkdir(join(shared, 'runs'));
  await writeFile(join(shared, 'notes.txt'), 'mine');
  await chmod(shared, 0o755);
  await chmod(join(shared, 'runs'), 0o777);
  await createFileStore(shared).checkWritable();
  expect(await modeOf(shared)).toBe('755');
  expect(await modeOf(join(shared, 'runs'))).toBe('700');
});

test('drafts of killed processes go after a day', async () => {
  const folder = newFolder();
  await writeLines(folder, 'a.jsonl', ['x']);
  const [old, young] = [draftNameOf('results.jsonl'), draftNameOf('results.jsonl')];
  await writeFile(join(folder.path, old), 'half');
  await writeFile(join(folder.path, young), 'half');
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  await utimes(join(folder.path, old), yesterday, yesterday);
  expect(await folder.list('')).toEqual(['a.jsonl']);
  // Another process opens the same folder.
  const again = createFileStore(join(folder.path, '..', '..', '..')).run(key);
  expect(again.path).toBe(folder.path);
  await writeLines(again, 'b.jsonl', ['x']);
  expect((await readdir(folder.path)).sort()).toEqual([young, 'a.jsonl', 'b.jsonl']);
});

test('checking a new store leaves nothing in it', async () => {
  const root = join(newPlace(), 'new');
  await createFileStore(root).checkWritable();
  expect(await readdir(root)).toEqual([]);
});

test('an input that cannot be staged leaves nothing', async () => {
  const root = newPlace();
  const store = createFileStore(root);
  const broken = store.stage('rows.jsonl', async (draft) => {
    await draft.line('half');
    await draft.discard();
    throw new Error('row 2 has no key');
  });
  await expect(broken).rejects.toThrow('row 2 has no key');
  const outside = store.stage('rows.jsonl', async (draft) => {
    await draft.commit();
    return { digest: '../x' };
  });
  await expect(outside).rejects.toThrow(/digest/);
  expect(await readdir(join(root, 'staged'))).toEqual([]);
});

test('what a killed process was staging goes after a day', async () => {
  const root = newPlace();
  const left = join(root, 'staged', draftNameOf('rows'));
  await mkdir(left, { recursive: true });
  await writeFile(join(left, draftNameOf('rows.jsonl')), 'half');
  await createFileStore(root).checkWritable();
  expect(await readdir(join(root, 'staged'))).toHaveLength(1);
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  await utimes(left, yesterday, yesterday);
  await createFileStore(root).checkWritable();
  expect(await readdir(join(root, 'staged'))).toEqual([]);
});

const stageEmpty = (store: Store) =>
  store.stage('rows.jsonl', async (draft) => ({ digest: (await draft.commit()).sha256 }));

test('staged rows are for the owner only', async () => {
  const store = createFileStore(newPlace());
  const { digest } = await stageEmpty(store);
  expect(await modeOf(store.staged(digest).path)).toBe('700');
});

test('equal rows are staged once', async () => {
  const root = newPlace();
  const store = createFileStore(root);
  const [{ digest }] = await Promise.all([stageEmpty(store), stageEmpty(store)]);
  expect(await readdir(join(root, 'staged'))).toEqual([digest]);
});

test('a draft leaves only whole files on disk', async () => {
  const folder = newFolder();
  const draft = await folder.create('a.jsonl');
  await draft.line('half');
  await draft.discard();
  expect(await readdir(folder.path)).toEqual([]);
  await writeLines(folder, 'a.jsonl', ['whole']);
  expect(await readdir(folder.path)).toEqual(['a.jsonl']);
});
