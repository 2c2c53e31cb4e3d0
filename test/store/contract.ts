import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Folder } from '../../src/store/store.ts';
import { takenOver } from '../support/closed-fence.ts';
import type { EmptyStore } from './stores.ts';
import { writeLines } from '../support/write-lines.ts';

const key = { workflowId: 'nightly', firstRunId: '0196f0e2' };

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

/** Tests the contract of every store: `open` gives an empty one. */
export const storeContract = (where: string, open: () => EmptyStore): void =>
  describe(`a store ${where}`, () => {
    const newFolder = (): Folder => open().store.run(key);

    test('checking an empty store leaves nothing in it', async () => {
      const { store } = open();
      await store.checkWritable();
      expect(await store.run(key).list('')).toEqual([]);
      expect(await store.ledger.list('')).toEqual([]);
    });

    test('runs, pipelines, claims, ledger, paces and staged rows keep apart', async () => {
      const { store } = open();
      const folders = [
        store.run(key),
        store.run({ ...key, firstRunId: 'other' }),
        store.pipeline({ pipeline: 'nightly', owner: null }),
        store.pipeline({ pipeline: 'nightly', owner: 'gtm' }),
        store.claims,
        store.ledger,
        store.paces,
        store.staged('a'.repeat(64)),
      ];
      for (const [at, folder] of folders.entries()) await folder.writeJson('same.json', at);
      for (const [at, folder] of folders.entries()) {
        expect(await folder.readJson('same.json')).toBe(at);
        expect(await folder.list('')).toEqual(['same.json']);
      }
      expect((await store.firstRuns('nightly')).sort()).toEqual(['0196f0e2', 'other']);
      expect(await store.firstRuns('night')).toEqual([]);
      expect(await store.workflowIds('night')).toEqual(['nightly']);
      expect(() => store.staged('sha256:../../etc')).toThrow(/is not a digest/);
    });

    test('what one process has written another one reads', async () => {
      const { store, again } = open();
      await writeLines(store.run(key), 'rows.jsonl', ['one']);
      const other = again();
      expect(other.location).toBe(store.location);
      expect(await linesOf(other.run(key), 'rows.jsonl')).toEqual(['one']);
      expect(await other.workflowIds('')).toEqual(['nightly']);
    });

    test('a step that another worker has taken over leaves every file as it is', async () => {
      const folder = newFolder();
      await writeLines(folder, 'rows.jsonl', ['new']);
      await takenOver(async () => {
        const draft = await folder.create('rows.jsonl');
        await draft.line('old');
        await expect(draft.commit()).rejects.toThrow(/not confirmed/);
        await expect(folder.writeJson('rows.jsonl', 'old')).rejects.toThrow(/not confirmed/);
        await expect(folder.remove('rows.jsonl')).rejects.toThrow(/not confirmed/);
      });
      expect(await linesOf(folder, 'rows.jsonl')).toEqual(['new']);
    });

    test('the error of a missing file names it', async () => {
      const folder = newFolder();
      const missing = { code: 'store_unreadable', where: folder.locate('rows.jsonl') };
      await expect(folder.readJson('rows.jsonl')).rejects.toMatchObject(missing);
      await expect(linesOf(folder, 'rows.jsonl')).rejects.toMatchObject(missing);
      await expect(folder.read('rows.jsonl').toArray()).rejects.toMatchObject(missing);
      await expect(folder.readJson('rows.jsonl')).rejects.toThrow(/no such file/);
      expect(await folder.exists('rows.jsonl')).toBe(false);
      expect(await folder.size('rows.jsonl')).toBeNull();
    });

    test('any range of a file of many blocks can be read', async () => {
      const folder = newFolder();
      const line = (row: number): string => `${row}:`.padEnd(1000, 'x');
      const rows = Array.from({ length: 20_000 }, (_, row) => line(row));
      expect(await folder.size('big.jsonl')).toBeNull();
      const written = await writeLines(folder, 'big.jsonl', rows);
      expect(written).toMatchObject({ lines: 20_000, bytes: 20_020_000 });
      let row = 0;
      for await (const text of folder.lines('big.jsonl')) {
        if (text !== line(row)) throw new Error(`line ${row} is another one`);
        row += 1;
      }
      expect(row).toBe(20_000);
      const at = 1001 * 12_345;
      expect(await textOf(folder, 'big.jsonl', { start: at, end: at + 6 })).toBe('12345:');

      const draft = await folder.create('big.jsonl');
      for (const text of rows) await draft.line(text);
      await draft.discard();
      expect(await folder.size('big.jsonl')).toBe(20_020_000);
      await writeLines(folder, 'big.jsonl', ['short']);
      expect(await linesOf(folder, 'big.jsonl')).toEqual(['short']);
    });

    test('more names than a server lists at once are all listed', async () => {
      const { store } = open();
      const names = Array.from({ length: 1_100 }, (_, at) => `many/${String(at).padStart(5, '0')}`);
      for (let from = 0; from < names.length; from += 50) {
        const some = names.slice(from, from + 50);
        await Promise.all(some.map((name) => store.ledger.writeJson(name, 1)));
      }
      expect(await store.ledger.list('many/')).toEqual(names);
    });

    test('rows that cannot be staged leave nothing', async () => {
      const { store } = open();
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
    });

    test('staged rows stay invisible until they are kept, with the files beside them', async () => {
      const { store } = open();
      const { draft } = await store.draftStage('rows.jsonl', async (rows, folder) => {
        await rows.line('one');
        await writeLines(folder, 'bad-rows.jsonl', ['bad']);
        return { digest: `sha256:${(await rows.commit()).sha256}` };
      });
      const folder = store.staged(draft.digest);
      expect(await folder.list('')).toEqual([]);
      await store.keepDraft(draft);
      await store.dropDraft(draft);
      expect(await folder.list('')).toEqual(['bad-rows.jsonl', 'rows.jsonl']);
      expect(await linesOf(folder, 'rows.jsonl')).toEqual(['one']);
    });

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

    test('an empty file has no line', async () => {
      const folder = newFolder();
      expect(await writeLines(folder, 'empty.jsonl', [])).toMatchObject({ lines: 0, bytes: 0 });
      expect(await linesOf(folder, 'empty.jsonl')).toEqual([]);
    });

    test('a last line without an end is a line', async () => {
      const { store, put } = open();
      const folder = store.run(key);
      await put(folder.locate('cut.jsonl'), 'one\ntwo');
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

    test('a draft is no file unless it is committed', async () => {
      const folder = newFolder();
      const draft = await folder.create('results.jsonl');
      await draft.line('half');
      expect(await folder.exists('results.jsonl')).toBe(false);
      expect(await folder.list('')).toEqual([]);
      await draft.discard();
      expect(await folder.list('')).toEqual([]);
      await expect(draft.line('late')).rejects.toThrow(/after the end/);
      await expect(draft.commit()).rejects.toThrow(/closed/);
    });

    test('a committed draft replaces the file for good', async () => {
      const folder = newFolder();
      await writeLines(folder, 'a.jsonl', ['old']);
      const draft = await folder.create('a.jsonl');
      await draft.line('new');
      expect(await linesOf(folder, 'a.jsonl')).toEqual(['old']);
      await draft.commit();
      await draft.discard();
      expect(await linesOf(folder, 'a.jsonl')).toEqual(['new']);
      expect(await folder.list('')).toEqual(['a.jsonl']);
    });

    test('list gives the names under a prefix, sorted', async () => {
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
    });

    test('a removed file may be removed again', async () => {
      const folder = newFolder();
      for (const name of ['parts/1/0.jsonl', 'parts/1/1.jsonl']) {
        await writeLines(folder, name, ['x']);
      }
      await folder.remove('parts/1/0.jsonl');
      await folder.remove('parts/1/0.jsonl');
      expect(await folder.list('parts/1/')).toEqual(['parts/1/1.jsonl']);
    });

    test('JSON comes back as it was written', async () => {
      const folder = newFolder();
      const value = { rows: 3, nested: ['é', null, { a: 1.5 }] };
      await folder.writeJson('manifest.json', value);
      expect(await folder.readJson('manifest.json')).toEqual(value);
      await expect(folder.writeJson('manifest.json', undefined)).rejects.toThrow(/JSON/);
    });

    test('broken JSON is reported without its text', async () => {
      const { store, put } = open();
      const folder = store.run(key);
      await put(folder.locate('broken.json'), '{"secret": "abc');
      const broken = folder.readJson('broken.json');
      await expect(broken).rejects.toMatchObject({ code: 'store_unreadable' });
      await expect(broken).rejects.not.toThrow(/secret/);
    });

    test('of two drafts of one name, the last commit wins whole', async () => {
      const folder = newFolder();
      const [one, other] = await Promise.all([folder.create('a.jsonl'), folder.create('a.jsonl')]);
      await Promise.all([one.line('one'), other.line('other'), one.line('one')]);
      await other.commit();
      await one.commit();
      expect(await linesOf(folder, 'a.jsonl')).toEqual(['one', 'one']);
    });

    test('discarding a folder leaves the others as they were', async () => {
      const { store, again } = open();
      const [old, other] = ['old', 'other'].map((firstRunId) => ({ ...key, firstRunId }));
      if (old === undefined || other === undefined) throw new Error('two keys');
      await writeLines(store.run(old), 'parts/1/0.jsonl', ['{}']);
      await store.run(old).writeJson('pipeline.json', {});
      await store.run(other).writeJson('pipeline.json', {});
      const aged = (await store.aged('runs')).sort((a, b) => b.bytes - a.bytes);
      expect(aged.map(({ names }) => names)).toEqual([
        ['runs', 'nightly', 'old'],
        ['runs', 'nightly', 'other'],
      ]);
      for (const { writtenAtMs } of aged) expect(writtenAtMs).toBeGreaterThan(0);
      const [first] = aged;
      if (first === undefined) throw new Error('a folder');
      expect(await store.folderOf(first).list('parts/')).toEqual(['parts/1/0.jsonl']);
      await store.discard(first);
      await store.discard(first);
      expect(await again().run(old).list('')).toEqual([]);
      expect(await again().firstRuns('nightly')).toEqual(['other']);
      expect(await again().run(other).exists('pipeline.json')).toBe(true);
    });

    test('an input is staged under the digest that is known once it is written', async () => {
      const { store } = open();
      const stage = (lines: string[]) =>
        store.stage('rows.jsonl', async (draft) => {
          for (const line of lines) await draft.line(line);
          return { digest: `sha256:${(await draft.commit()).sha256}` };
        });
      const { digest } = await stage(['one', 'two']);
      expect(digest).toBe(`sha256:${createHash('sha256').update('one\ntwo\n').digest('hex')}`);
      const folder = store.staged(digest);
      expect(await linesOf(folder, 'rows.jsonl')).toEqual(['one', 'two']);

      // Twice the same, also at once: there once. Something else: beside it.
      const again = await Promise.all([
        stage(['one', 'two']),
        stage(['one', 'two']),
        stage(['three']),
      ]);
      expect(again.slice(0, 2)).toEqual([{ digest }, { digest }]);
      expect(await linesOf(folder, 'rows.jsonl')).toEqual(['one', 'two']);
    });
  });
