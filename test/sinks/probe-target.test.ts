import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ResultTarget } from '../../src/contract/pipeline.ts';
import { probeTarget } from '../../src/sinks/files/probe-target.ts';
import { publishTo } from '../../src/sinks/publish.ts';
import { newDisk, newPlace } from '../store/place.ts';
import { newFolder, RESULTS, storeResults } from './results.ts';

const target = (to: string): ResultTarget => ({ to, format: 'jsonl' });

/** Both the probe before and the publish after must refuse, in the same words. */
const expectRefused = async (to: string, reason: RegExp, where = to): Promise<void> => {
  const refused = { code: 'sink_unwritable', where, message: expect.stringMatching(reason) };
  await expect(probeTarget(target(to), 'test')).rejects.toMatchObject(refused);
  if (where !== to) return;
  const folder = newFolder();
  await storeResults(folder, []);
  const columns = { columns: [], inputs: [] };
  await expect(publishTo(target(to), folder, RESULTS, columns)).rejects.toMatchObject({
    code: 'sink_unwritable',
    where: to,
  });
};

test('probing a writable target leaves nothing behind', async () => {
  const place = newPlace();
  await probeTarget(target(join(place, 'r.jsonl')), 'test');
  await probeTarget(target(join(place, 'a', 'b', 'r.jsonl')), 'test');
  expect(await readdir(place)).toEqual([]);
});

test('results that are there already stay as they are', async () => {
  const to = join(newPlace(), 'r.jsonl');
  await writeFile(to, 'old');
  await probeTarget(target(to), 'test');
  expect(await readFile(to, 'utf8')).toBe('old');
});

test('a folder in place of the file is refused', async () => {
  const to = join(newPlace(), 'r.jsonl');
  await mkdir(to);
  await expectRefused(to, /it is a folder/);
});

test('a folder in place of the manifest or the quarantine is refused', async () => {
  const place = newPlace();
  await mkdir(join(place, 'r.manifest.json'));
  const to = join(place, 'r.jsonl');
  await expectRefused(to, /it is a folder/, join(place, 'r.manifest.json'));
  await mkdir(join(place, 's.quarantine.jsonl'));
  await expectRefused(join(place, 's.jsonl'), /it is a folder/, join(place, 's.quarantine.jsonl'));
});

test('a path through a file is refused', async () => {
  const place = newPlace();
  await writeFile(join(place, 'file'), '');
  await expectRefused(join(place, 'file', 'r.jsonl'), /a file, not a folder/);
  await expectRefused(join(place, 'file', 'deeper', 'r.jsonl'), /a file, not a folder/);
});

test('a target that is no plain file is refused', async () => {
  const place = newPlace();
  const to = join(place, 'r.jsonl');
  await symlink('/dev/null', to);
  await expectRefused(to, /not a plain file/);
  const pipe = join(place, 'p.jsonl');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  await expectRefused(pipe, /not a plain file/);
});

test('links in a circle are refused', async () => {
  const place = newPlace();
  const to = join(place, 'r.jsonl');
  await symlink('other.jsonl', to);
  await symlink('r.jsonl', join(place, 'other.jsonl'));
  await expectRefused(to, /circle/);
});

test('a relative path is refused: it would depend on where the worker was started', async () => {
  await expectRefused('out/r.jsonl', /not absolute/);
});

test('a name longer than the file system takes is refused', async () => {
  await expectRefused(join(newPlace(), `${'x'.repeat(300)}.jsonl`), /name is too long/);
});

const readOnly = newDisk(64);
const onReadOnlyDisk = readOnly === null ? test.skip : test;
onReadOnlyDisk('a read-only disk is refused (needs mount)', async () => {
  if (readOnly === null) return;
  await writeFile(join(readOnly.path, 'r.jsonl'), 'old');
  readOnly.makeReadOnly();
  await expectRefused(join(readOnly.path, 'r.jsonl'), /read-only/);
  await expectRefused(join(readOnly.path, 'new', 'r.jsonl'), /read-only/);
});

const full = newDisk(16);
const onFullDisk = full === null ? test.skip : test;
onFullDisk('a full disk is refused (needs mount)', async () => {
  if (full === null) return;
  await writeFile(join(full.path, 'filler'), 'x'.repeat(16 * 1024)).catch(() => undefined);
  await expect(probeTarget(target(join(full.path, 'r.jsonl')), 'test')).rejects.toMatchObject({
    code: 'sink_unwritable',
    message: expect.stringMatching(/disk is full/),
  });
  expect(await readdir(full.path)).toEqual(['filler']);
});

const manifestOf = (pipeline: string, path: string): string =>
  JSON.stringify({
    workflowId: 'w',
    firstRunId: 'r',
    pipeline,
    outcome: 'completed',
    cells: { done: 1, empty: 0, failed: 0, blocked: 0, pending: 0 },
    results: [{ path, bytes: 1 }],
    quarantine: null,
  });

test('a file that rowmill did not write in place of manifest or quarantine is refused', async () => {
  const place = newPlace();
  await writeFile(join(place, 'r.manifest.json'), '{"mine":true}');
  await writeFile(join(place, 's.quarantine.jsonl'), 'Symbol,Security\nMMM,3M\n');
  const refused = { code: 'sink_unwritable', message: expect.stringContaining('did not write') };
  for (const name of ['r.jsonl', 's.csv']) {
    await expect(probeTarget(target(join(place, name)), 'test')).rejects.toMatchObject(refused);
  }
});

test('the manifest of another pipeline is refused, unless it is of the same results', async () => {
  const to = join(newPlace(), 'r.jsonl');
  const manifest = to.replace('jsonl', 'manifest.json');
  await writeFile(manifest, manifestOf('other', to.replace('jsonl', 'csv')));
  const refused = { code: 'sink_unwritable', message: expect.stringContaining('pipeline other') };
  await expect(probeTarget(target(to), 'test')).rejects.toMatchObject(refused);
  for (const [pipeline, path] of [
    ['test', to.replace('jsonl', 'csv')],
    ['other', to],
  ] as const) {
    await writeFile(manifest, manifestOf(pipeline, path));
    await probeTarget(target(to), 'test');
  }
});
