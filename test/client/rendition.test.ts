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

test('columns come in the order of the pipeline, although objects sort names like numbers', async () => {
  const folder = store.run({ workflowId: 'years', firstRunId: 'r' });
  const draft = await folder.create(RUN_FILE.results);
  const input = { Name: '3M', 7: 'x' };
  await draft.line(JSON.stringify(resultRow('a', input, { sector: 'Energy', 2024: 'up' })));
  await draft.commit();
  const config = { template: { name: 'p' }, prompt_template_variable_mappings: { n: 'Name' } };
  const columns = [
    ...['Name', '7'].map((title) => ({ type: 'TEXT', title })),
    ...['sector', '2024'].map((title) => ({ type: 'PROMPT_TEMPLATE', title, config })),
  ];
  const pipeline = { name: 'years', provider: 'promptlayer', table: { tags: [], columns } };
  await folder.writeJson(RUN_FILE.pipeline, { ...pipeline, results: [] });
  const rendition = await exportResults(folder, 'csv');
  const text = await readFile(rendition.path, 'utf8');
  await rendition.remove();
  expect(text.split('\n')[0]).toBe('key,Name,7,sector,2024,_status');
});
