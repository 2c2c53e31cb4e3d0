import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { runAlone } from './own-process.ts';
import { newPlace } from './place.ts';

const key = { workflowId: 'w', firstRunId: 'r' };

test('a killed writer leaves the old file whole', async () => {
  const root = newPlace();
  const folder = createFileStore(root).run(key);
  await folder.writeJson('results.jsonl', 'old');

  const child = runAlone('test/store/endless-writer.ts', [root]);
  if (child.stdout === null) throw new Error('no output of the writer');
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);

  expect(await folder.readJson('results.jsonl')).toBe('old');
  expect(await folder.list('')).toEqual(['results.jsonl']);
  const left = (await readdir(folder.path)).filter((name) => name.endsWith('.tmp'));
  expect(left).toHaveLength(1);
  expect(left[0]).toContain(`.results.jsonl.${child.pid ?? 0}.`);

  const draft = await folder.create('results.jsonl');
  await draft.line('new');
  await draft.commit();
  expect(await folder.lines('results.jsonl')[Symbol.asyncIterator]().next()).toEqual({
    done: false,
    value: 'new',
  });
});

test('a reader sees the old file or the new one, never a mix or a part', async () => {
  const folder = createFileStore(newPlace()).run(key);
  const publish = async (letter: string) => {
    const draft = await folder.create('results.jsonl');
    for (let row = 0; row < 500; row += 1) await draft.line(letter.repeat(1000));
    await draft.commit();
  };
  await publish('a');

  let isPublishing = true;
  const seen = new Set<string>();
  const reader = async () => {
    while (isPublishing) {
      const lines: string[] = [];
      for await (const line of folder.lines('results.jsonl')) lines.push(line);
      expect(lines).toHaveLength(500);
      expect(new Set(lines).size).toBe(1);
      seen.add(lines[0]?.[0] ?? '');
    }
  };
  const publisher = async () => {
    // Until the reader has met both, with an end in case it never does.
    for (let time = 0; time < 500 && (time < 20 || seen.size < 2); time += 1) {
      await publish(time % 2 === 0 ? 'b' : 'a');
    }
    isPublishing = false;
  };
  await Promise.all([publisher(), reader(), reader()]);
  expect([...seen].sort()).toEqual(['a', 'b']);
});
