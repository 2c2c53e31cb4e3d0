import { writeChanges, type Publication } from '../../activities/results/summary/changes.ts';
import { changeRules } from '../../src/rules/answers/changes.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { resultRow } from '../sinks/result-row.ts';

/** Compares so many rows of 1 KB, in the opposite order. */
const [, , place = '', rows = '0'] = process.argv;
const count = Number(rows);
const folder = createFileStore(place).run({ workflowId: 'w', firstRunId: 'r' });

async function publish(name: string, keyAt: (row: number) => number): Promise<Publication> {
  const draft = await folder.create(name);
  for (let row = 0; row < count; row += 1) {
    const key = keyAt(row);
    const answers = { sector: `${key} ${'x'.repeat(850)}`, night: key % 100 === 0 ? name : 'same' };
    await draft.line(JSON.stringify(resultRow(`${key}`, { input: `Company ${key}` }, answers)));
  }
  await draft.commit();
  return { lines: () => folder.lines(name), bytes: (await folder.size(name)) ?? 0 };
}

const before = await publish('before.jsonl', (row) => row);
const after = await publish('after.jsonl', (row) => count - 1 - row);
const rules = changeRules(['sector', 'night']);
const counts = await writeChanges(folder, 'changes.jsonl', { before, after, rules, at: '' });
if (counts.changed !== count / 100) throw new Error(JSON.stringify(counts));
