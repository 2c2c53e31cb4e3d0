import { createStore } from '../../src/store/open-store.ts';

/** Writes and reads a file of so many MiB at the address; prints the most memory it took, in bytes. */
const [, , address = '', mib = '0'] = process.argv;
const folder = createStore(address).run({ workflowId: 'w', firstRunId: 'r' });
const line = 'x'.repeat(1023);
const draft = await folder.create('results.jsonl');
for (let row = 0; row < Number(mib) * 1024; row += 1) await draft.line(line);
await draft.commit();
let rows = 0;
for await (const read of folder.lines('results.jsonl')) rows += read === line ? 1 : 0;
if (rows !== Number(mib) * 1024) throw new Error(`${rows} rows`);
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);
