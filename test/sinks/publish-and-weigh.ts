import { join } from 'node:path';
import { publishTo } from '../../src/sinks/publish.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { resultRow } from './result-row.ts';

/** Stores and publishes so many rows of 1 KB in these formats; prints the most memory it took, in bytes. */
const [, , place = '', rows = '0', formats = ''] = process.argv;
const folder = createFileStore(join(place, 'store')).run({ workflowId: 'w', firstRunId: 'r' });
const columns = { columns: ['sector'], inputs: ['input'] };
const draft = await folder.create('results.jsonl');
for (let row = 0; row < Number(rows); row += 1) {
  const answers = { sector: `${row} ${'x'.repeat(850)}` };
  await draft.line(JSON.stringify(resultRow(`${row}`, { input: `Company ${row}` }, answers)));
}
await draft.commit();
for (const format of formats.split(',')) {
  const to = join(place, `results.${format}`);
  const published = await publishTo({ to, format }, folder, 'results.jsonl', columns);
  if (published.rows !== Number(rows)) throw new Error(`${published.rows} rows`);
}
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);
