import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { manualClock } from '../support/manual-clock.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(12);

let testEnv: TestEnv;
beforeEach(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0.3, alwaysFailsRate: 0.3 } });
});
afterEach(() => testEnv.close());

const at = (name: string): string => join(testEnv.folder, 'out', name);
const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
const json = async (path: string) =>
  JSON.parse(await readFile(path, 'utf8')) as RunSummary & { reason: string | null };

test('runs that publish to one path at once leave the files of one run', async () => {
  const runs = [0, 1, 2, 3, 4].map(async (n) => {
    const rows = ROWS.slice(0, 4 + n).map((row) => ({ ...row, Security: `${row.Security} ${n}` }));
    return executeRun(
      testEnv,
      `one-path-${n}-${testEnv.taskQueue}`,
      await pipelineInputFor(testEnv, rows),
    );
  });
  const summaries = await Promise.all(runs);
  const manifest = await json(at('results.manifest.json'));
  expect(summaries.map(({ workflowId }) => workflowId)).toContain(manifest.workflowId);
  expect(await sha256(at('results.jsonl'))).toBe(manifest.results[0]?.sha256);
  const own = testEnv.store.run({
    workflowId: manifest.workflowId,
    firstRunId: (manifest as unknown as { firstRunId: string }).firstRunId,
  });
  const names = await readdir(join(testEnv.folder, 'out'));
  expect(names.includes('results.quarantine.jsonl')).toBe(manifest.quarantine !== null);
  if (manifest.quarantine !== null) {
    const beside = await sha256(at('results.quarantine.jsonl'));
    expect(beside).toBe(await sha256(own.locate('quarantine.jsonl')));
  }
  expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
  expect(await testEnv.store.claims.list('')).toEqual([]);
});

test('a run reports a shared target before it spends', async () => {
  const input = await pipelineInputFor(testEnv, ROWS);
  await testEnv.close();
  testEnv = await startTestEnv({ sandbox: { failRate: 0, speed: 5, concurrency: 1 } });
  const start = async (id: string) =>
    testEnv.client.workflow.start('enrichTable', {
      workflowId: `${id}-${testEnv.taskQueue}`,
      taskQueue: testEnv.taskQueue,
      args: [await pipelineInputFor(testEnv, ROWS)],
    });
  expect(input.pipeline.results).toHaveLength(1);
  const first = await start('first');
  const stage = async () => (await first.query<RunProgress>('progress')).stage;
  await eventually('the first one', async () => (await stage()) === 'running');
  const second = await start('second');
  await eventually('a word', async () => {
    const { sameTarget, stage: at } = await second.query<RunProgress>('progress');
    return at !== 'preparing rows' && sameTarget?.includes(first.workflowId) === true;
  });
  await first.terminate();
  await second.cancel();
  await second.result();
});

test('a cancelled run reports that it left the fuller results of the one before', async () => {
  await testEnv.close();
  const clock = manualClock();
  const sandbox = { failRate: 0, alwaysFailsRate: 0, concurrency: 1, realMs: clock.realMs };
  testEnv = await startTestEnv({ sandbox });
  const input = await pipelineInputFor(testEnv, ROWS);
  const before = await executeRun(testEnv, `full-${testEnv.taskQueue}`, input);
  const kept = await sha256(at('results.jsonl'));
  const manifest = await readFile(at('results.manifest.json'), 'utf8');
  clock.freeze();
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: `cut-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [input],
  });
  await eventually(
    'its run',
    async () => (await run.query<RunProgress>('progress')).stage === 'running',
  );
  await run.cancel();
  const summary = (await run.result()) as RunSummary;
  clock.resume();
  expect(summary).toMatchObject({
    outcome: 'cancelled',
    results: [],
    manifest: null,
    notPublished: [{ path: at('results.jsonl'), existing: { workflowId: before.workflowId } }],
  });
  expect(await sha256(at('results.jsonl'))).toBe(kept);
  expect(await readFile(at('results.manifest.json'), 'utf8')).toBe(manifest);
});

test('a partial run that ended by itself reports the fuller results that it replaced', async () => {
  const run = { failedPasses: 0 };
  const all = { ...run, tolerateFailed: '100%' };
  const fuller = await pipelineInputFor(testEnv, ROWS, { run: all });
  const before = await executeRun(testEnv, `fuller-${testEnv.taskQueue}`, fuller);
  const fewer = await pipelineInputFor(testEnv, ROWS.slice(0, 6), { run });
  const summary = await executeRun(testEnv, `fewer-${testEnv.taskQueue}`, fewer);
  expect(summary.outcome).toBe('partial');
  expect(summary.notPublished).toBeUndefined();
  expect(summary.replacedFuller).toMatchObject([
    { path: at('results.jsonl'), existing: { workflowId: before.workflowId } },
  ]);
  expect(await json(at('results.manifest.json'))).toMatchObject({ workflowId: summary.workflowId });
});

test('`when` decides per target which results replace others', async () => {
  const results = [{ to: 'out/whole.csv', when: 'completed' }, { to: 'out/any.jsonl' }];
  const input = await pipelineInputFor(testEnv, ROWS, { results, run: { failedPasses: 0 } });
  const summary = await executeRun(testEnv, `when-${testEnv.taskQueue}`, input);
  expect(summary.outcome).toBe('partial');
  expect(summary.results.map(({ path }) => path)).toEqual([at('any.jsonl')]);
  expect(summary.manifest).toBe(at('any.manifest.json'));
  expect(summary.notPublished).toMatchObject([{ path: at('whole.csv'), existing: null }]);
  expect(await readdir(join(testEnv.folder, 'out'))).not.toContain('whole.manifest.json');
});

test('a file of another program in place of the manifest is refused before anything is paid', async () => {
  const input = await pipelineInputFor(testEnv, ROWS, { results: [{ to: 'list.jsonl' }] });
  const manifest = join(testEnv.folder, 'list.manifest.json');
  await writeFile(manifest, '{"mine":true}\n');
  const id = `foreign-${testEnv.taskQueue}`;
  const error = await executeRun(testEnv, id, input).catch((why: unknown) => errorOfRun(why, id));
  expect(error).toMatchObject({ code: 'sink_unwritable' });
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
  expect(await readFile(manifest, 'utf8')).toBe('{"mine":true}\n');
});
