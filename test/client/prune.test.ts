import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { runsNeeded } from '../../src/client/retention/kept-runs.ts';
import { pruneStore, type PrunePlan } from '../../src/client/retention/prune.ts';
import type { RowmillRun } from '../../src/client/index.ts';
import { writeLastingTable } from '../../src/nights/lasting-table.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { rowmill as command } from '../cli/command.ts';
import { newPlace } from '../store/place.ts';
import { eventually } from '../support/eventually.ts';
import { openBackend, pipelineOf, type Backend } from './backend.ts';

const DAY_MS = 86_400_000;
/** Texts of the row that is removed. */
const ROW = /"AOS"|A\. O\. Smith/;

/** Time at which all files of this test are a hundred days old. */
const LATER = Date.now() + 100 * DAY_MS;

let backend: Backend;
let older: RowmillRun;
let newest: RowmillRun;
let waiting: RowmillRun;
beforeAll(async () => {
  backend = await openBackend();
  older = await start('older', 'prune-often');
  await older.wait();
  newest = await start('newest', 'prune-often');
  await newest.wait();
  waiting = await startWaiting('waiting', 'prune-waits');
});
afterAll(() => backend.close());

const nameOf = (word: string): string => `${word}-${backend.testEnv.taskQueue}`;
const start = (word: string, name: string, spend = {}): Promise<RowmillRun> =>
  backend.rowmill.start({
    pipeline: pipelineOf(backend.testEnv, { name, spend }),
    id: nameOf(word),
    fresh: true,
  });
/** A run whose files are there, and which goes on once it is approved. */
async function startWaiting(word: string, name: string): Promise<RowmillRun> {
  const run = await start(word, name, { approveAbove: 0 });
  const stage = async (): Promise<unknown> => (await run.status()).progress?.stage;
  await eventually('it waits', async () => (await stage()) === 'waiting for approval');
  return run;
}
const prune = (confirm?: (plan: PrunePlan) => void, nowMs = LATER): Promise<PrunePlan> => {
  const { client, store } = backend.testEnv;
  const options = { older: '90d', ...(confirm === undefined ? {} : { confirm }) };
  return pruneStore(client, store, options, nowMs);
};
const stored = (): Promise<string[]> => backend.testEnv.store.workflowIds('');

test('nothing is removed without age and confirmation', async () => {
  const before = await stored();
  expect(await prune(undefined, LATER - 50 * DAY_MS)).toMatchObject({ runs: [], bytes: 0 });
  const no = (): never => {
    throw new Error('no');
  };
  await expect(prune(no)).rejects.toThrow('no');
  expect(await stored()).toEqual(before);
});

test('a span below a day is refused', async () => {
  await expect(backend.rowmill.prune({ older: '1h' })).rejects.toMatchObject({ code: 'usage' });
});

test('without a terminal the command needs --yes', async () => {
  const { store } = backend.testEnv;
  const folder = join(store.location, 'runs', older.id);
  const long = new Date(Date.now() - 100 * DAY_MS);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), long, long);
  }
  const env = {
    TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    ROWMILL_STORE: store.location,
  };
  const options = { cwd: backend.testEnv.folder, env };
  const refused = await command(['prune', '--older', '90d'], options).endsWith(2);
  expect(refused.stderr).toContain(older.id);
  expect(refused.stderr).toContain('--yes');
  expect(await stored()).toContain(older.id);
  const done = await command(['prune', '--older', '90d', '--yes', '--json'], options).endsWith(0);
  const plan = JSON.parse(done.stdout) as PrunePlan;
  expect(plan.runs.map(({ workflowId }) => workflowId)).toEqual([older.id]);
  expect(plan.bytes).toBeGreaterThan(0);
  expect(await stored()).not.toContain(older.id);
});

test('prune keeps runs in progress and the newest of each pipeline', async () => {
  const plan = await prune();
  expect(plan.runs).toEqual([]);
  expect(plan.kept).toEqual({ inProgress: 1, needed: 1 });
  expect((await stored()).sort()).toEqual([newest.id, waiting.id].sort());
  await waiting.approve();
  expect(await waiting.wait()).toMatchObject({ outcome: 'completed' });
});

test('a lasting table keeps the runs that its next night reads', async () => {
  const store = createFileStore(newPlace());
  const night = (id: string) => ({ workflowId: id, firstRunId: 'first', openedAt: 'now' });
  await writeLastingTable(
    store,
    { pipeline: 'nightly', owner: null },
    {
      provider: 'extruct',
      kind: 'company',
      keyColumn: 'Symbol',
      source: null,
      table: { id: 'table', url: null },
      columns: [],
      origin: night('made-it'),
      last: night('last'),
      published: { ...night('published'), at: 'now' },
    },
  );
  const needed = [...(await runsNeeded(store))].sort();
  expect(needed).toEqual(['runs/last/first', 'runs/made-it/first', 'runs/published/first']);
});

test('a row is not removed while a run with it is in progress', async () => {
  const busy = await startWaiting('busy', 'forget-waits');
  await expect(backend.rowmill.forget('AOS')).rejects.toMatchObject({
    code: 'action_refused',
    where: `run ${busy.id}`,
  });
  await busy.cancel();
  await busy.wait();
});

test('forget removes exactly one row from all files of the store', async () => {
  const { store, sandbox } = backend.testEnv;
  const run = await start('forgotten', 'forget-one');
  await run.wait();
  const files = async (): Promise<string[]> => {
    const entries = await readdir(store.location, { recursive: true, withFileTypes: true });
    const paths = entries.flatMap((entry) =>
      entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
    );
    return Promise.all(paths.map((path) => readFile(path, 'utf8')));
  };
  const withRow = (texts: string[]): number => texts.filter((text) => ROW.test(text)).length;
  expect(withRow(await files())).toBeGreaterThan(0);
  const no = (): never => {
    throw new Error('no');
  };
  await expect(backend.rowmill.forget('AOS', { confirm: no })).rejects.toThrow('no');
  expect(withRow(await files())).toBeGreaterThan(0);
  const plan = await backend.rowmill.forget('AOS');
  expect(plan.folders.map(({ workflowId }) => workflowId)).toContain(run.id);
  expect(plan.unreached.join()).toMatch(/Temporal.*provider.*published/);
  expect(withRow(await files())).toBe(0);
  const keys: string[] = [];
  for await (const { key } of run.results()) keys.push(key);
  expect(keys).toEqual(['MMM']);
  expect(await backend.rowmill.forget('AOS')).toMatchObject({ entries: 0, folders: [] });
  // What is left can be worked on: nothing is made or paid a second time.
  const { tablesCreated, cellsPaid } = sandbox.ledger.summary();
  const again = await backend.rowmill.rerun(run.id);
  expect(await again.wait()).toMatchObject({ outcome: 'completed', rows: 1 });
  expect(sandbox.ledger.summary()).toMatchObject({ tablesCreated, cellsPaid });
});
