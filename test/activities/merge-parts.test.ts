import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeParts } from '../../activities/merge-parts.ts';
import { judgeTableRow } from '../../activities/part.ts';
import { SNAPSHOT_FILE } from '../../activities/snapshot.ts';
import type { CellStatus, Column } from '../../src/contract/table.ts';
import type { PassKind } from '../../src/rules/passes.ts';
import { createFileStore } from '../../src/store/file-store.ts';
import type { Folder } from '../../src/store/store.ts';

const COLUMNS: Column[] = [
  { id: 'c', key: 'sector', name: 'Sector', ours: true, input: false, dependsOn: [] },
];

let root: string;
let folder: Folder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowmill-merge-'));
  folder = createFileStore(root).run({ workflowId: 'w', firstRunId: 'r' });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(name: string, lines: readonly string[]): Promise<void> {
  const draft = await folder.create(name);
  for (const line of lines) await draft.line(line);
  await draft.commit();
}

/** What a sweep finds of a column, row by row, after a pass of this kind. */
async function sweep(number: number, kind: PassKind, statuses: readonly CellStatus[]) {
  await write(
    SNAPSHOT_FILE,
    statuses.map((_, at) => JSON.stringify({ key: `S${at}`, input: {} })),
  );
  const rows = statuses.map((status, at) => {
    const value = status === 'done' ? 'Energy' : null;
    const cells = { sector: { status, value, rawStatus: status } };
    return judgeTableRow({ id: `row-${at}`, key: `S${at}`, cells }, at, COLUMNS).line;
  });
  await write(`parts/${number}/000000.jsonl`, rows);
  return mergeParts(folder, number, { ordered: true, kind });
}

test('a cell that hangs after its rerun is repaired when it has an answer, not before', async () => {
  await sweep(1, 'first', ['done', 'failed', 'failed', 'failed']);
  expect(await sweep(2, 'failed', ['done', 'running', 'done', 'failed'])).toEqual({
    repaired: 1,
    neverRerun: 0,
  });
  expect((await sweep(3, 'wait', ['done', 'running', 'done', 'failed'])).repaired).toBe(0);
  expect((await sweep(4, 'nudge', ['done', 'done', 'done', 'failed'])).repaired).toBe(1);
});

test('an answer that no rerun was needed for repairs nothing', async () => {
  await sweep(1, 'first', ['running', 'failed']);
  expect(await sweep(2, 'wait', ['done', 'failed'])).toEqual({ repaired: 0, neverRerun: 1 });
  expect(await sweep(3, 'failed', ['done', 'failed'])).toEqual({ repaired: 0, neverRerun: 0 });
});
