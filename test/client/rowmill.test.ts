import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Rowmill,
  SpecError,
  type PipelineDocument,
  type TypedResultRow,
} from '../../src/client/index.ts';
import { progressReader } from '../../src/client/runs/lookup/live-progress.ts';
import { initialSearchAttributes } from '../../src/client/runs/metadata.ts';
import { pipelineInputFor, TOKEN, type TestEnv } from '../support/test-env.ts';
import { plainText } from '../support/invariants/evidence.ts';
import { eventually } from '../support/eventually.ts';
import { openBackend, pipelineOf as anyPipeline, ROWS, type Backend } from './backend.ts';

let backend: Backend;
let testEnv: TestEnv;
let rowmill: Rowmill;
beforeAll(async () => {
  backend = await openBackend();
  ({ testEnv, rowmill } = backend);
});
afterAll(() => backend.close());

const pipelineOf = (changes: Partial<PipelineDocument> = {}): PipelineDocument =>
  anyPipeline(testEnv, changes);

const keyOf = (name: string): string => `${name}/${testEnv.taskQueue}`;

test('a run is started, followed to its end and read, row by row', async () => {
  const pipeline = pipelineOf({ spend: { approveAbove: 0 } });
  const run = await rowmill.start({ pipeline, key: keyOf('whole') });
  expect(run.attached).toBe(false);
  let looked = false;
  for await (const { progress } of run.progress({ intervalMs: 50 })) {
    if (looked || progress?.stage !== 'waiting for approval') continue;
    looked = true;
    // Before that it does not end.
    await run.approve();
  }
  expect(looked).toBe(true);
  expect(await run.wait()).toMatchObject({ outcome: 'completed', rows: 2, cells: { done: 2 } });
  const rows: TypedResultRow[] = [];
  for await (const row of run.results()) rows.push(row);
  expect(rows.map(({ key, complete }) => [key, complete])).toEqual([
    ['MMM', true],
    ['AOS', true],
  ]);
  for await (const cell of run.quarantine()) expect(cell).toBe('there is none');
  expect(await run.manifest()).toMatchObject({ outcome: 'completed', pipeline: 'backend' });
  expect(await run.status()).toMatchObject({
    run: { workflowId: run.id, status: 'COMPLETED' },
    summary: { outcome: 'completed' },
  });
});

test('a follower asks the worker again only when something has happened', async () => {
  const pipeline = pipelineOf({ spend: { approveAbove: 0 } });
  const run = await rowmill.start({ pipeline, key: keyOf('followed') });
  const handle = testEnv.client.workflow.getHandle(run.id);
  let queries = 0;
  const query: typeof handle.query = (...args) => {
    queries += 1;
    return handle.query(...args);
  };
  const read = progressReader(
    { client: handle.client, query, describe: () => handle.describe() },
    Infinity,
  );
  await eventually('it waits, and nothing happens', async () => {
    const before = queries;
    return (await read())?.stage === 'waiting for approval' && queries === before;
  });
  const before = queries;
  for (let reads = 0; reads < 5; reads += 1) await read();
  expect(queries).toBe(before);
  await run.approve();
  await run.wait();
  expect((await read())?.stage).toBe('finished');
});

test('a start returns the warnings of its rows', async () => {
  const twice = { Symbol: 'MMM-2', Security: '3M' };
  const planned: string[][] = [];
  const run = await rowmill.start({
    pipeline: pipelineOf(),
    rows: [...ROWS, twice],
    key: keyOf('warned'),
    confirm: ({ warnings }) => {
      planned.push(warnings);
    },
  });
  expect(run.warnings).toEqual([expect.stringContaining('1 row asks what a row before it asks')]);
  expect(planned).toEqual([run.warnings]);
  expect((await rowmill.attach(run.id)).warnings).toEqual([]);
  await run.wait();
});

test('validate can refuse a start', async () => {
  const validate = (_: unknown, warnings: readonly string[]): never => {
    throw new Error(`not here (${warnings.length} warnings)`);
  };
  const options = { pipeline: pipelineOf(), validate };
  await expect(rowmill.start(options)).rejects.toThrow('not here (0 warnings)');
  await expect(Rowmill.check(options)).rejects.toThrow('not here');
});

test('a key belongs to one request, for every caller', async () => {
  const key = keyOf('once');
  const starts = await Promise.all(
    [1, 2, 3].map(() => rowmill.start({ pipeline: pipelineOf(), key })),
  );
  expect(new Set(starts.map(({ runId }) => runId)).size).toBe(1);
  expect(starts.filter(({ attached }) => !attached)).toHaveLength(1);
  expect((await rowmill.attach({ key })).runId).toBe(starts[0]?.runId);
  const conflict = { code: 'run_conflict' };
  const other = pipelineOf({ spend: { maxCredits: 1_000 } });
  await expect(rowmill.start({ pipeline: other, key })).rejects.toMatchObject(conflict);
  const fewer = ROWS.slice(0, 1);
  await expect(rowmill.start({ pipeline: pipelineOf(), rows: fewer, key })).rejects.toMatchObject(
    conflict,
  );
  await starts[0]?.wait();
  // After its end as well.
  const again = await rowmill.start({ pipeline: pipelineOf(), key });
  expect([again.attached, again.runId]).toEqual([true, starts[0]?.runId]);
  await expect(rowmill.start({ pipeline: other, key })).rejects.toMatchObject(conflict);
});

test('a failed run is started again by its key', async () => {
  const pipeline = pipelineOf({ spend: { approveAbove: 0 } });
  const key = keyOf('again');
  const failed = await rowmill.start({ pipeline, key });
  await testEnv.client.workflow.getHandle(failed.id).terminate('by the test');
  await expect(failed.wait()).rejects.toMatchObject({ code: 'run_failed' });
  await expect(rowmill.start({ pipeline: pipelineOf(), key })).rejects.toMatchObject({
    code: 'run_conflict',
  });
  const second = await rowmill.start({ pipeline, key });
  expect([second.id, second.attached]).toEqual([failed.id, false]);
  expect(second.runId).not.toBe(failed.runId);
  await second.cancel();
  expect(await second.wait()).toMatchObject({ outcome: 'cancelled' });
  expect((await rowmill.start({ pipeline, key })).runId).toBe(second.runId);
  await expect(second.cancel()).rejects.toMatchObject({ code: 'action_refused' });
});

test('approve lets a waiting run go on exactly once', async () => {
  const pipeline = pipelineOf({ spend: { approveAbove: 0 } });
  const run = await rowmill.start({ pipeline, key: keyOf('approve') });
  await eventually(
    'the run waits',
    async () => (await run.status()).progress?.stage === 'waiting for approval',
  );
  await run.approve();
  expect(await run.wait()).toMatchObject({ outcome: 'completed' });
  await expect(run.approve()).rejects.toMatchObject({ code: 'action_refused' });
  const approved = await rowmill.start({ pipeline, key: keyOf('approved'), approve: true });
  expect(await approved.wait()).toMatchObject({ outcome: 'completed' });
});

test('each action of a run has its effect', async () => {
  const pipeline = pipelineOf({ spend: { approveAbove: 0 } });
  const run = await rowmill.start({ pipeline, key: keyOf('paused') });
  const stage = async () => (await run.status()).progress?.stage;
  await eventually('the run waits', async () => (await stage()) === 'waiting for approval');
  await run.pause({ reason: 'by the test' });
  await eventually('the run is paused', async () => (await stage()) === 'paused');
  const { deadlineAtMs } = await run.adjust({ deadline: '3h' });
  expect(deadlineAtMs).toBeGreaterThan(Date.now() + 2 * 3_600_000);
  await run.resume();
  await run.approve();
  expect(await run.wait()).toMatchObject({ outcome: 'completed' });
  const again = await run.rerun({ approve: true });
  expect(again.id).toBe(`${run.id}-rerun-1`);
  expect(await again.wait()).toMatchObject({ outcome: 'completed', rows: 2 });
  await expect(run.pause()).rejects.toMatchObject({ code: 'action_refused' });
});

test('many inline rows travel through the store, never through Temporal', async () => {
  const rows = Array.from({ length: 1_500 }, (_, n) => ({
    Symbol: `many-${n}`,
    Security: `A company with a long name, number ${n}`,
  }));
  const pipeline = pipelineOf({ spend: { approveAbove: 0 } });
  const run = await rowmill.start({ pipeline, rows, key: keyOf('many') });
  await eventually(
    'the rows are counted',
    async () => (await run.status()).progress?.rows === rows.length,
  );
  const history = await testEnv.client.workflow.getHandle(run.id).fetchHistory();
  expect(plainText(history)).not.toContain('many-7');
  await run.cancel();
  expect(await run.wait()).toMatchObject({ outcome: 'cancelled' });
});

test('a pipeline file and a text start the same run as the object', async () => {
  const key = keyOf('forms');
  const pipeline = pipelineOf({ results: [{ to: 'out/forms.jsonl' }] });
  const text = JSON.stringify(pipeline);
  const file = join(testEnv.folder, 'forms.yaml');
  await writeFile(file, text);
  const first = await rowmill.start({ pipeline: file, key });
  const second = await rowmill.start({ pipeline: { text, baseDir: testEnv.folder }, key });
  const third = await rowmill.start({ pipeline, baseDir: testEnv.folder, key });
  expect([second.runId, third.runId]).toEqual([first.runId, first.runId]);
  const { results } = await first.wait();
  expect(results[0]?.path).toBe(join(testEnv.folder, 'out', 'forms.jsonl'));
  expect(await readFile(results[0]?.path ?? '', 'utf8')).toContain('"key":"MMM"');
});

test('an invalid object is refused with every issue by its path', async () => {
  const wrong = { ...pipelineOf(), spend: { maxCredits: -1 }, colour: 'red' };
  const error: unknown = await rowmill
    .start({ pipeline: wrong })
    .catch((caught: unknown) => caught);
  if (!(error instanceof SpecError)) throw new Error(`no SpecError: ${String(error)}`);
  expect(error.issues.map(({ path, line }) => [path, line]).sort()).toEqual([
    ['colour', null],
    ['spend.maxCredits', null],
  ]);
  const twice = [ROWS[0], ROWS[0]].flatMap((row) => (row === undefined ? [] : [row]));
  await expect(rowmill.start({ pipeline: pipelineOf(), rows: twice })).rejects.toMatchObject({
    code: 'rows_invalid',
  });
  const dear = pipelineOf({ spend: { maxCredits: 1 } });
  await expect(rowmill.start({ pipeline: dear })).rejects.toMatchObject({ code: 'spend_refused' });
  await expect(rowmill.start({ pipeline: pipelineOf(), key: 'a', id: 'b' })).rejects.toMatchObject({
    code: 'usage',
  });
});

test('rows that are not there are a mistake of the line that names them', async () => {
  const missing = join(testEnv.folder, 'no-such.csv');
  const pipeline = pipelineOf({ rows: { from: missing, key: 'Symbol' } });
  const text = JSON.stringify(pipeline, null, 2);
  const line = text.split('\n').findIndex((one) => one.includes(missing)) + 1;
  for (const [source, place] of [
    [{ text }, { path: 'rows.from', line }],
    [pipeline, { path: 'rows.from', line: null }],
  ] as const) {
    const error: unknown = await rowmill.start({ pipeline: source }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'source_not_found', issues: [place] });
    expect(error).toBeInstanceOf(SpecError);
  }
  await expect(
    rowmill.start({ pipeline: { text: JSON.stringify(pipelineOf()) }, rows: missing }),
  ).rejects.toMatchObject({ code: 'source_not_found', issues: [{ path: '--rows', line: null }] });
});

test('a request that makes no sense is said before the run has its say', async () => {
  const run = await rowmill.start({ pipeline: pipelineOf(), key: keyOf('over') });
  await run.wait();
  await expect(run.adjust({ deadline: 'banana' })).rejects.toMatchObject({
    code: 'usage',
    where: 'adjust.deadline',
    what: '"banana" is not a duration',
  });
  await expect(run.adjust({})).rejects.toMatchObject({ code: 'usage', what: 'nothing to adjust' });
  const reason = 'x'.repeat(301);
  await expect(run.pause({ reason })).rejects.toMatchObject({ code: 'usage' });
  await expect(run.adjust({ deadline: '8h' })).rejects.toMatchObject({ code: 'action_refused' });
});

test('what is not there is said: no such run, no such cursor, results of a run in progress', async () => {
  await expect(rowmill.attach('nobody')).rejects.toMatchObject({ code: 'run_not_found' });
  await expect(rowmill.attach('x'.repeat(5_000))).rejects.toMatchObject({ code: 'run_not_found' });
  await expect(rowmill.list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'usage' });
  const pipeline = pipelineOf({ spend: { approveAbove: 0 } });
  const run = await rowmill.start({ pipeline, key: keyOf('early') });
  await expect(run.results().next()).rejects.toMatchObject({ code: 'action_refused' });
  await run.cancel();
  await run.wait();
});

test('runs are listed page by page, filtered, each once', async () => {
  const name = `paged-${Date.now()}`;
  const started: string[] = [];
  for (const n of [1, 2, 3]) {
    const pipeline = pipelineOf({ name, results: [{ to: join(testEnv.folder, `${n}.jsonl`) }] });
    started.push((await rowmill.start({ pipeline, id: `${name}-${n}` })).id);
  }
  await Promise.all(started.map(async (id) => (await rowmill.attach(id)).wait()));
  await eventually('all are listed', async () => {
    return (await rowmill.list({ pipeline: name, status: 'Completed' })).runs.length === 3;
  });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await rowmill.list({ pipeline: name, outcome: 'completed', limit: 2, cursor });
    expect(page.runs.length).toBeLessThanOrEqual(2);
    seen.push(...page.runs.map(({ workflowId }) => workflowId));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen.sort()).toEqual(started);
  expect((await rowmill.list({ pipeline: `${name}' OR '1' = '1` })).runs).toEqual([]);
});

test('a run that is cancelled before its first step is listed as cancelled', async () => {
  const input = await pipelineInputFor(testEnv, ROWS);
  const workflowId = keyOf('at-once');
  const handle = await testEnv.client.workflow.start('enrichTable', {
    workflowId,
    taskQueue: testEnv.taskQueue,
    args: [input],
    // As every start of ours does it; the delay keeps workers from it until something happens to it.
    typedSearchAttributes: initialSearchAttributes({ pipeline: input.pipeline, rows: null }),
    startDelay: '1h',
  });
  await handle.cancel();
  await handle.signal('begin');
  expect(await handle.result()).toMatchObject({ outcome: 'cancelled', rows: 0, passes: 0 });
  const { name } = input.pipeline;
  await eventually('it is listed', async () => {
    const { runs } = await rowmill.list({ pipeline: name, outcome: 'cancelled' });
    return runs.some((run) => run.workflowId === workflowId && run.outcome === 'cancelled');
  });
});

test('what a caller reads of a run contains no secret of the provider', async () => {
  const run = await rowmill.attach({ key: keyOf('whole') });
  expect(plainText(await run.status())).not.toContain(TOKEN);
});

test('a server that is not there is said at once', async () => {
  const options = { address: '127.0.0.1:1', ignoreProfileFile: true, env: {}, timeoutMs: 500 };
  await expect(Rowmill.connect(options)).rejects.toMatchObject({ code: 'temporal_unreachable' });
});
