import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeParts } from '../../activities/results/scan/merge-parts.ts';
import { classifyTableRow } from '../../activities/results/scan/part-file.ts';
import { SNAPSHOT_FILE } from '../../activities/run-files/snapshot.ts';
import type { CellStatus, Column } from '../../src/contract/table.ts';
import type { PassKind } from '../../src/rules/passes/passes.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
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

/** Scans a column, row by row, after a pass of this kind. */
async function scan(
  number: number,
  kind: PassKind,
  statuses: readonly CellStatus[],
  failedAt?: string,
  { order = statuses.map((_, at) => at), lateBy = 0 } = {},
) {
  await write(
    SNAPSHOT_FILE,
    statuses.map((_, at) => JSON.stringify({ key: `S${at}`, input: {} })),
  );
  const rows = statuses.map((status, at) => {
    const value = status === 'done' ? 'Energy' : null;
    const when = failedAt === undefined ? {} : { updatedAt: failedAt };
    const cells = { sector: { status, value, rawStatus: status, ...when } };
    return classifyTableRow({ id: `row-${at}`, key: `S${at}`, cells }, at, COLUMNS).line;
  });
  await write(
    `parts/${number}/000000.jsonl`,
    order.map((at) => rows[at] ?? ''),
  );
  return mergeParts(folder, number, { lateBy, kind });
}

test('a cell stalled after its rerun is repaired only with an answer', async () => {
  await scan(1, 'first', ['done', 'failed', 'failed', 'failed']);
  expect(await scan(2, 'failed', ['done', 'running', 'done', 'failed'])).toMatchObject({
    repaired: 1,
    neverRerun: 0,
  });
  expect((await scan(3, 'wait', ['done', 'running', 'done', 'failed'])).repaired).toBe(0);
  expect((await scan(4, 'nudge', ['done', 'done', 'done', 'failed'])).repaired).toBe(1);
});

test('an answer that no rerun was needed for repairs nothing', async () => {
  await scan(1, 'first', ['running', 'failed']);
  expect(await scan(2, 'wait', ['done', 'failed'])).toMatchObject({ repaired: 0, neverRerun: 1 });
  expect(await scan(3, 'failed', ['done', 'failed'])).toMatchObject({
    repaired: 0,
    neverRerun: 0,
  });
});

test('what a run has asked for waits until it begins, whatever pass came since', async () => {
  const open = { waiting: 2, due: 0, untouched: 0 };
  expect(await scan(1, 'first', ['done', 'pending', 'pending'])).toMatchObject(open);
  expect(await scan(2, 'wait', ['done', 'pending', 'pending'])).toMatchObject(open);
  expect(await scan(3, 'nudge', ['done', 'running', 'pending'])).toMatchObject({ waiting: 1 });
  // Put back by the provider.
  expect(await scan(4, 'wait', ['done', 'pending', 'pending'])).toMatchObject(open);
});

test('what no run has asked for since it could start is due', async () => {
  expect(await scan(1, 'wait', ['pending', 'done'])).toMatchObject({ waiting: 0, due: 1 });
  expect(await scan(2, 'follow-up', ['pending', 'done'])).toMatchObject({ waiting: 1, due: 0 });
});

test('a failed cell is untouched by its rerun until it fails again', async () => {
  const [one, two] = ['2026-01-05T00:00:00Z', '2026-01-05T00:01:00Z'];
  await scan(1, 'first', ['failed'], one);
  expect(await scan(2, 'failed', ['failed'], one)).toMatchObject({ untouched: 1, repaired: 0 });
  expect(await scan(3, 'wait', ['failed'], one)).toMatchObject({ untouched: 1 });
  expect(await scan(4, 'wait', ['failed'], two)).toMatchObject({ untouched: 0 });
});

test('where failures carry no time, one that stands as it stood is taken for a new one', async () => {
  await scan(1, 'first', ['failed']);
  expect(await scan(2, 'failed', ['failed'])).toMatchObject({ untouched: 0 });
});

test.each([
  ['nearly in the order of the snapshot', 3],
  ['in quite another order', 1_000_000],
])('rows that came %s are in the results in that order', async (_, lateBy) => {
  await scan(1, 'first', ['done', 'done', 'failed', 'done', 'done'], undefined, {
    order: [1, 3, 4, 0, 2],
    lateBy,
  });
  const rows: unknown[] = [];
  for await (const line of folder.lines('results.jsonl')) rows.push(JSON.parse(line));
  expect(rows).toMatchObject(
    [0, 1, 2, 3, 4].map((at) => ({ key: `S${at}`, rowId: `row-${at}`, complete: at !== 2 })),
  );
});
