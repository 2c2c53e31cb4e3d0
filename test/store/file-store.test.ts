import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFileStore } from '../../src/store/file-store.ts';
import { draftNameOf } from '../../src/store/leftovers.ts';
import type { Folder } from '../../src/store/store.ts';
import { newPlace } from './place.ts';

const key = { workflowId: 'nightly', firstRunId: '0196f0e2' };
const newFolder = (): Folder => createFileStore(newPlace()).run(key);

const writeLines = async (folder: Folder, name: string, lines: string[]) => {
  const draft = await folder.create(name);
  for (const line of lines) await draft.line(line);
  return draft.commit();
};

const linesOf = async (folder: Folder, name: string): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of folder.lines(name)) lines.push(line);
  return lines;
};

const textOf = async (folder: Folder, name: string, range?: { start: number; end: number }) => {
  const chunks: Buffer[] = [];
  for await (const chunk of folder.read(name, range)) chunks.push(chunk as Buffer); // byte stream
  return Buffer.concat(chunks).toString('utf8');
};

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

test.each(['../x', '/x', 'a/../b', 'a//b', '', '.', '.hidden', 'a/', 'a\\b', 'a\0b'])(
  'a file name cannot leave its folder: %j',
  async (name) => {
    const folder = newFolder();
    expect(() => folder.locate(name)).toThrow(/cannot be the name of a file/);
    await expect(folder.create(name)).rejects.toThrow(/cannot be the name/);
    await expect(folder.exists(name)).rejects.toThrow(/cannot be the name/);
  },
);

test('lines come back as they were written, with their counts and digest', async () => {
  const folder = newFolder();
  const lines = [
    '{"a":1}',
    '',
    'é – 日本 🦆',
    'before\u2028after\u2029\u0085\r',
    'x'.repeat(700_000),
  ];
  const written = await writeLines(folder, 'parts/1/000001.jsonl', lines);
  const bytes = Buffer.from(lines.join('\n') + '\n');
  expect(written).toEqual({
    lines: 5,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  expect(await linesOf(folder, 'parts/1/000001.jsonl')).toEqual(lines);
  expect(await folder.size('parts/1/000001.jsonl')).toBe(bytes.length);
});

test('any lines come back, wherever blocks and characters are cut', async () => {
  const folder = newFolder();
  const line = fc
    .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom(1, 3, 40_000, 100_000))
    .map(([text, times]) => text.replaceAll('\n', ' ').repeat(times));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      await writeLines(folder, 'any.jsonl', lines);
      expect(await linesOf(folder, 'any.jsonl')).toEqual(lines);
      const pieces: Buffer[] = [];
      await folder.visit('any.jsonl', async (piece) => {
        await Promise.resolve();
        pieces.push(Buffer.from(piece));
      });
      const text = lines.map((each) => `${each}\n`).join('');
      expect(Buffer.concat(pieces).equals(Buffer.from(text))).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test('a last line without an end is a line; an empty file has none', async () => {
  const folder = newFolder();
  expect(await writeLines(folder, 'empty.jsonl', [])).toMatchObject({ lines: 0, bytes: 0 });
  expect(await linesOf(folder, 'empty.jsonl')).toEqual([]);
  await writeFile(folder.locate('cut.jsonl'), 'one\ntwo');
  expect(await linesOf(folder, 'cut.jsonl')).toEqual(['one', 'two']);
});

test('a line must not contain a line end', async () => {
  const draft = await newFolder().create('a.jsonl');
  await expect(draft.line('a\nb')).rejects.toThrow(/line end/);
  await draft.discard();
});

test('a range is bytes from start to before end', async () => {
  const folder = newFolder();
  await writeLines(folder, 'a.jsonl', ['0123456789']);
  expect(await textOf(folder, 'a.jsonl', { start: 2, end: 5 })).toBe('234');
  expect(await textOf(folder, 'a.jsonl', { start: 4, end: 4 })).toBe('');
  expect(await textOf(folder, 'a.jsonl', { start: 8, end: 99 })).toBe('89\n');
  expect(await textOf(folder, 'a.jsonl')).toBe('0123456789\n');
  expect(() => folder.read('a.jsonl', { start: 5, end: 2 })).toThrow(/no such range/);
});

test('a file is not there before it is committed, nor after it is discarded', async () => {
  const folder = newFolder();
  const draft = await folder.create('results.jsonl');
  await draft.line('half');
  expect(await folder.exists('results.jsonl')).toBe(false);
  expect(await folder.list('')).toEqual([]);
  await draft.discard();
  expect(await readdir(folder.path)).toEqual([]);
  await expect(draft.line('late')).rejects.toThrow(/after the end/);
  await expect(draft.commit()).rejects.toThrow(/closed/);
});

test('a commit replaces what was there; a discard after it changes nothing', async () => {
  const folder = newFolder();
  await writeLines(folder, 'a.jsonl', ['old']);
  const draft = await folder.create('a.jsonl');
  await draft.line('new');
  expect(await linesOf(folder, 'a.jsonl')).toEqual(['old']);
  await draft.commit();
  await draft.discard();
  expect(await linesOf(folder, 'a.jsonl')).toEqual(['new']);
  expect(await readdir(folder.path)).toEqual(['a.jsonl']);
});

test('list gives the names under a prefix, sorted; remove takes one away', async () => {
  const folder = newFolder();
  expect(await folder.list('parts/')).toEqual([]);
  for (const name of ['parts/10/2.jsonl', 'parts/1/1.jsonl', 'rows.jsonl', 'parts/1/0.jsonl']) {
    await writeLines(folder, name, ['x']);
  }
  expect(await folder.list('')).toEqual([
    'parts/1/0.jsonl',
    'parts/1/1.jsonl',
    'parts/10/2.jsonl',
    'rows.jsonl',
  ]);
  expect(await folder.list('parts/1/')).toEqual(['parts/1/0.jsonl', 'parts/1/1.jsonl']);
  expect(await folder.list('parts/1')).toHaveLength(3);
  expect(await folder.list('r')).toEqual(['rows.jsonl']);
  await expect(folder.list('../')).rejects.toThrow(/cannot be the name/);
  await folder.remove('parts/1/0.jsonl');
  await folder.remove('parts/1/0.jsonl');
  expect(await folder.list('parts/1/')).toEqual(['parts/1/1.jsonl']);
});

test('JSON goes in and comes out', async () => {
  const folder = newFolder();
  const value = { rows: 3, nested: ['é', null, { a: 1.5 }] };
  await folder.writeJson('manifest.json', value);
  expect(await folder.readJson('manifest.json')).toEqual(value);
  await expect(folder.writeJson('manifest.json', undefined)).rejects.toThrow(/JSON/);
  await writeFile(folder.locate('broken.json'), '{"secret": "abc');
  const broken = folder.readJson('broken.json');
  await expect(broken).rejects.toMatchObject({ code: 'store_unreadable' });
  await expect(broken).rejects.not.toThrow(/secret/);
});

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

test('an open store of ours is closed to others, a folder with other things in it is not', async () => {
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

test('what killed processes left is never listed and goes after a day', async () => {
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

test('a probe makes the store and leaves nothing in it', async () => {
  const root = join(newPlace(), 'new');
  await createFileStore(root).checkWritable();
  expect(await readdir(root)).toEqual([]);
});

test('drafts of one name at the same time: the last commit wins, whole', async () => {
  const folder = newFolder();
  const [one, other] = await Promise.all([folder.create('a.jsonl'), folder.create('a.jsonl')]);
  await Promise.all([one.line('one'), other.line('other'), one.line('one')]);
  await other.commit();
  await one.commit();
  expect(await linesOf(folder, 'a.jsonl')).toEqual(['one', 'one']);
});

test('an input is staged under the digest that is known once it is written', async () => {
  const root = newPlace();
  const store = createFileStore(root);
  const stage = (lines: string[]) =>
    store.stage('rows.jsonl', async (draft) => {
      for (const line of lines) await draft.line(line);
      return { digest: `sha256:${(await draft.commit()).sha256}` };
    });
  const { digest } = await stage(['one', 'two']);
  expect(digest).toBe(`sha256:${createHash('sha256').update('one\ntwo\n').digest('hex')}`);
  const folder = store.staged(digest);
  expect(await linesOf(folder, 'rows.jsonl')).toEqual(['one', 'two']);
  expect(await modeOf(folder.path)).toBe('700');

  // Twice the same, also at once: there once. Something else: beside it.
  const again = await Promise.all([stage(['one', 'two']), stage(['one', 'two']), stage(['three'])]);
  expect(again.slice(0, 2)).toEqual([{ digest }, { digest }]);
  expect(await linesOf(folder, 'rows.jsonl')).toEqual(['one', 'two']);
  expect(await readdir(join(root, 'staged'))).toHaveLength(2);
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
