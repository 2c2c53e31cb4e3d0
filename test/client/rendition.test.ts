import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { exportResults } from '../../src/client/runs/files/results.ts';
import { RUN_FILE } from '../../src/contract/names.ts';
import { createRenditions } from '../../src/gateway/renditions.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';
import { resultRow } from '../sinks/result-row.ts';
import { newPlace } from '../store/place.ts';

const store = createFileStore(newPlace());
const line = JSON.stringify(resultRow('a', { input: 'A' }, { phone: '+49 30 1' }));

async function endedRun(workflowId: string, results: object[]): Promise<Folder> {
  const folder = store.run({ workflowId, firstRunId: 'r' });
  const draft = await folder.create(RUN_FILE.results);
  await draft.line(line);
  await draft.commit();
  await folder.writeJson(RUN_FILE.pipeline, { name: 'phones', results });
  return folder;
}

const verbatim = { to: '/out/p.csv', format: 'csv', csv: { formulas: 'verbatim', bom: true } };

test('results out of the store have the CSV options of their run', async () => {
  const folder = await endedRun('own', [{ to: '/out/p.jsonl', format: 'jsonl' }, verbatim]);
  const rendition = await exportResults(folder, 'csv');
  const text = await readFile(rendition.path, 'utf8');
  await rendition.remove();
  expect(text.startsWith('\uFEFF')).toBe(true);
  expect(text).toContain(',+49 30 1,');
});

test('two runs of one content and other options share no rendition', async () => {
  const renditions = createRenditions();
  try {
    const one = await renditions.render(await endedRun('one', [verbatim]), 'csv');
    const other = await renditions.render(await endedRun('other', []), 'csv');
    expect(one.size).not.toBe(other.size);
    one.release();
    other.release();
  } finally {
    await renditions.close();
  }
});
