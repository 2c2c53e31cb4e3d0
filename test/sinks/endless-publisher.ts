import { setImmediate } from 'node:timers/promises';
import { publishTo } from '../../src/sinks/publish.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';
import { resultRow } from './result-row.ts';

/** Publishes results that never end to the path given as argument. */
const [, , to = ''] = process.argv;
const line = JSON.stringify(resultRow('k', { input: 'x'.repeat(1000) }, { sector: 'y' }));

async function* lines(): AsyncGenerator<string> {
  for (let row = 0; ; row += 1) {
    if (row === 5000) process.stdout.write('in the middle\n');
    await setImmediate();
    yield line;
  }
}

const folder: Folder = {
  ...createFileStore('unused').run({ workflowId: 'w', firstRunId: 'r' }),
  lines,
  visit: async (_name, visit) => {
    for await (const text of lines()) await visit(Buffer.from(`${text}\n`));
  },
};
const format = to.endsWith('csv') ? 'csv' : 'jsonl';
await publishTo({ to, format }, folder, 'results.jsonl', {
  columns: ['sector'],
  inputs: ['input'],
});
