import { createFileStore } from '../../src/store/disk/file-store.ts';

/** Writes results into the store given as argument and never comes to an end. */
const [, , root = ''] = process.argv;
const folder = createFileStore(root).run({ workflowId: 'w', firstRunId: 'r' });
const draft = await folder.create('results.jsonl');
for (let row = 0; row < 2000; row += 1) await draft.line('x'.repeat(1000));
process.stdout.write('in the middle\n');
setInterval(() => void draft.line('x'.repeat(1000)), 1);
