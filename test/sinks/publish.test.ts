import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { ResultTarget } from '../../src/contract/pipeline.ts';
import { copyFile } from '../../src/sinks/files/copy.ts';
import { publishTo } from '../../src/sinks/publish.ts';
import { companionsOf } from '../../src/paths/footprint.ts';
import { draftNameOf } from '../../src/store/disk/temp-files.ts';
import { takenOver } from '../support/closed-fence.ts';
import { newDisk, newPlace } from '../store/place.ts';
import { runAlone } from '../store/own-process.ts';
import { resultRow } from './result-row.ts';
import { newFolder, RESULTS, storeResults } from './results.ts';

const COLUMNS = { columns: ['sector'], inputs: ['input'] };
const FORMATS = ['jsonl', 'csv'] as const;

const target = (to: string): ResultTarget => ({ to, format: to.endsWith('csv') ? 'csv' : 'jsonl' });
const newTarget = (format: string): ResultTarget => target(join(newPlace(), `results.${format}`));

const folderOf = async (rows: number, sector = 'Industrials') => {
  const folder = newFolder();
  const all = Array.from({ length: rows }, (_, row) =>
    resultRow(`${row}`, { input: `Company ${row} – 日本` }, { sector }),
  );
  await storeResults(folder, all);
  return folder;
};

const umask = process.umask(0o022);
afterEach(() => void process.umask(umask));

test('JSON Lines are the bytes of the store', async () => {
  const folder = await folderOf(1000);
  const { to } = newTarget('jsonl');
  const published = await publishTo(target(to), folder, RESULTS, COLUMNS);
  const bytes = await readFile(to);
  expect(bytes.equals(await readFile(folder.locate(RESULTS)))).toBe(true);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(published).toEqual({ path: to, rows: 1000, bytes: bytes.length, sha256 });
});

test('what is said of a CSV file is true of its bytes', async () => {
  const to = join(newPlace(), 'results.csv');
  const published = await publishTo(target(to), await folderOf(10), RESULTS, COLUMNS);
  const bytes = await readFile(to);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(published).toEqual({ path: to, rows: 10, bytes: bytes.length, sha256 });
});

test('a copy beside the results counts lines, a last one without an end too', async () => {
  const folder = newFolder();
  await folder.writeJson('manifest.json', {});
  await writeFile(folder.locate('cut.jsonl'), 'one\ntwo');
  const place = newPlace();
  const copied = await copyFile(folder, 'cut.jsonl', join(place, 'x.quarantine.jsonl'));
  expect(copied).toMatchObject({ rows: 2, bytes: 7 });
  await copyFile(folder, 'manifest.json', join(place, 'x.manifest.json'));
  expect(await readFile(join(place, 'x.manifest.json'), 'utf8')).toBe('{}\n');
});

test.each(FORMATS)('%s: missing folders are made, for the owner only', async (format) => {
  process.umask(0);
  const place = newPlace();
  const to = join(place, 'a', 'b', `results.${format}`);
  await publishTo(target(to), await folderOf(1), RESULTS, COLUMNS);
  for (const folder of ['a', 'a/b']) {
    expect((await stat(join(place, folder))).mode & 0o777).toBe(0o700);
  }
  expect((await stat(to)).mode & 0o777).toBe(0o600);
});

test('a folder of the user keeps its mode', async () => {
  const place = newPlace();
  await chmod(place, 0o755);
  await publishTo(target(join(place, 'r.csv')), await folderOf(1), RESULTS, COLUMNS);
  expect((await stat(place)).mode & 0o777).toBe(0o755);
});

test('publishing again gives the same file', async () => {
  const folder = await folderOf(10);
  const place = newPlace();
  const to = join(place, 'r.jsonl');
  const first = await publishTo(target(to), folder, RESULTS, COLUMNS);
  expect(await publishTo(target(to), folder, RESULTS, COLUMNS)).toEqual(first);
  expect(await readdir(place)).toEqual(['r.jsonl']);
});

test('a link is written through', async () => {
  const [place, far] = [newPlace(), newPlace()];
  const to = join(place, 'r.jsonl');
  await symlink(join(far, 'real.jsonl'), to);
  const { path } = await publishTo(target(to), await folderOf(1), RESULTS, COLUMNS);
  expect(path).toBe(to);
  expect((await lstat(to)).isSymbolicLink()).toBe(true);
  expect(await readFile(to, 'utf8')).toBe(await readFile(join(far, 'real.jsonl'), 'utf8'));
  expect(await readdir(place)).toEqual(['r.jsonl']);
  expect(await readdir(far)).toEqual(['real.jsonl']);
});

test.each(FORMATS)('%s: of two runs at the same time, one is published whole', async (format) => {
  const [one, other] = [await folderOf(2000, 'one'), await folderOf(1500, 'other')];
  const { to } = newTarget(format);
  const done = await Promise.all(
    [one, other, one, other].map((folder) => publishTo(target(to), folder, RESULTS, COLUMNS)),
  );
  const sha256 = createHash('sha256')
    .update(await readFile(to))
    .digest('hex');
  expect(done.map((file) => file.sha256)).toContain(sha256);
  expect(new Set(done.map((file) => file.sha256)).size).toBe(2);
});

test.each(FORMATS)('%s: a reader sees the old results or the new ones', async (format) => {
  const folders = [await folderOf(800, 'aaaa'), await folderOf(1000, 'bbbb')];
  const { to } = newTarget(format);
  const whole = new Set<string>();
  for (const folder of folders) {
    await publishTo(target(to), folder, RESULTS, COLUMNS);
    whole.add(await readFile(to, 'utf8'));
  }
  expect(whole.size).toBe(2);
  const seen = new Set<string>();
  let isPublishing = true;
  const reader = async () => {
    while (isPublishing) {
      const text = await readFile(to, 'utf8');
      expect(whole.has(text)).toBe(true);
      seen.add(text);
    }
  };
  const publisher = async () => {
    // Until the reader has met both, with an end in case it never does.
    for (let time = 0; time < 500 && (time < 10 || seen.size < 2); time += 1) {
      const folder = folders[time % 2];
      if (folder !== undefined) await publishTo(target(to), folder, RESULTS, COLUMNS);
    }
    isPublishing = false;
  };
  await Promise.all([publisher(), reader()]);
  expect(seen.size).toBe(2);
});

test.each(FORMATS)('%s: killed while publishing, the old results stay whole', async (format) => {
  const place = newPlace();
  const to = join(place, `results.${format}`);
  await writeFile(to, 'old');
  const child = runAlone('test/sinks/endless-publisher.ts', [to]);
  if (child.stdout === null) throw new Error('no output of the publisher');
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);

  expect(await readFile(to, 'utf8')).toBe('old');
  const left = (await readdir(place)).filter((name) => name.endsWith('.tmp'));
  expect(left).toHaveLength(1);

  // The draft goes with a publish a day later; drafts of others do not.
  const others = draftNameOf('other.csv');
  await writeFile(join(place, others), '');
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  for (const name of [...left, others]) await utimes(join(place, name), yesterday, yesterday);
  await publishTo(target(to), await folderOf(3), RESULTS, COLUMNS);
  expect((await readdir(place)).sort()).toEqual([others, `results.${format}`]);
});

test.each(FORMATS)('%s: stopped by its signal, the old results stay', async (format) => {
  const place = newPlace();
  const to = join(place, `results.${format}`);
  await writeFile(to, 'old');
  const reason = new Error('the worker shuts down');
  const stopped = publishTo(
    target(to),
    await folderOf(3),
    RESULTS,
    COLUMNS,
    AbortSignal.abort(reason),
  );
  await expect(stopped).rejects.toBe(reason);
  expect(await readFile(to, 'utf8')).toBe('old');
  expect(await readdir(place)).toEqual([`results.${format}`]);
});

test.each(FORMATS)('%s: another worker has taken over: the results stay', async (format) => {
  const place = newPlace();
  const to = join(place, `results.${format}`);
  await writeFile(to, 'newer');
  const folder = await folderOf(3);
  const again = takenOver(() => publishTo(target(to), folder, RESULTS, COLUMNS));
  await expect(again).rejects.toMatchObject({ code: 'step_taken_over' });
  expect(await readFile(to, 'utf8')).toBe('newer');
  expect(await readdir(place)).toEqual([`results.${format}`]);
});

test('results missing in the store are reported as an error of the store', async () => {
  const place = newPlace();
  for (const format of FORMATS) {
    const published = publishTo(target(join(place, `r.${format}`)), newFolder(), RESULTS, COLUMNS);
    await expect(published).rejects.toMatchObject({ code: 'store_unreadable' });
  }
  expect(await readdir(place)).toEqual([]);
});

const full = newDisk(96);
const onFullDisk = full === null ? test.skip : test;
onFullDisk('a full disk at the destination: the old results stay (needs mount)', async () => {
  if (full === null) return;
  const folder = await folderOf(3000);
  for (const format of FORMATS) {
    const to = join(full.path, `results.${format}`);
    await writeFile(to, 'old');
    await expect(publishTo(target(to), folder, RESULTS, COLUMNS)).rejects.toMatchObject({
      code: 'sink_unwritable',
      where: to,
      message: expect.stringContaining('the disk is full'),
    });
    expect(await readFile(to, 'utf8')).toBe('old');
  }
  expect(await readdir(full.path)).toHaveLength(2);
});

test('files beside the results have its name without the extension', () => {
  expect(companionsOf(target('/out/sp500.jsonl'))).toEqual({
    quarantine: '/out/sp500.quarantine.jsonl',
    changes: '/out/sp500.changes.jsonl',
    report: '/out/sp500.report.html',
    manifest: '/out/sp500.manifest.json',
  });
  expect(companionsOf(target('/out.d/a.b.csv')).manifest).toBe('/out.d/a.b.manifest.json');
});
