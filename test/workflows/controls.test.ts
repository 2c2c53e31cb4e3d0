import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { EnrichTableInput, RunProgress, RunSummary } from '../../src/contract/run.ts';
import { RowmillError } from '../../src/errors.ts';
import { manualClock } from '../support/manual-clock.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';
import { stageIs } from '../support/run-stage.ts';

const ROWS = companies(20);

let testEnv: TestEnv;
const clock = manualClock();
beforeAll(async () => {
  // Slow enough to act in the middle of a run: cells take 3 s and more.
  const slow = { speed: 20, concurrency: 4, realMs: clock.realMs };
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, ...slow } });
});
afterEach(() => clock.resume());
afterAll(() => testEnv.close());

const start = (workflowId: string, input: EnrichTableInput): Promise<WorkflowHandle> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId,
    taskQueue: testEnv.taskQueue,
    args: [input],
  });

const progress = (run: WorkflowHandle): Promise<RunProgress> => run.query<RunProgress>('progress');

const failureOf = (run: WorkflowHandle): Promise<RowmillError> =>
  run.result().then(
    () => Promise.reject(new Error('the run did not fail')),
    (error: unknown) => errorOfRun(error, run.workflowId),
  );

test('a run above maxCredits fails before it creates anything', async () => {
  const tables = testEnv.sandbox.ledger.summary().tablesCreated;
  const input = await pipelineInputFor(testEnv, ROWS, {
    spend: { creditsPerCell: 2, maxCredits: 39 },
  });
  const error = await failureOf(await start('refused', input));
  expect([error.code, error.exit]).toEqual(['spend_refused', 4]);
  expect(error.message).toContain('40 credits');
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(tables);
});

test('a run above approveAbove waits for its approval', async () => {
  const tables = testEnv.sandbox.ledger.summary().tablesCreated;
  const input = await pipelineInputFor(testEnv, ROWS.slice(0, 2), { spend: { approveAbove: 1 } });
  const run = await start('approved', input);
  await stageIs(run, 'waiting for approval');
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(tables);
  await run.executeUpdate('approveSpend');
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('completed');
  expect(summary.cells.done).toBe(2);
});

test('cancelling a run before its start leaves the files of the run before', async () => {
  const rows = ROWS.slice(0, 2);
  const night = await start('last-night', await pipelineInputFor(testEnv, rows));
  const before = (await night.result()) as RunSummary;
  const [published] = before.results;
  const read = () =>
    Promise.all([published?.path, before.manifest].map((path) => readFile(path ?? '')));
  const files = await read();

  const results = [{ to: published?.path ?? '' }];
  const input = await pipelineInputFor(testEnv, rows, { results, spend: { approveAbove: 1 } });
  const run = await start('given-up', input);
  await stageIs(run, 'waiting for approval');
  // The account is not this run's alone.
  const elsewhere = { results: [{ to: 'out/meanwhile.jsonl' }] };
  await (await start('meanwhile', await pipelineInputFor(testEnv, rows, elsewhere))).result();
  await run.cancel();
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'cancelled', passes: 0, creditsSpent: 0 });
  expect(summary).toMatchObject({ results: [], manifest: null, quarantine: null });
  expect(await read()).toEqual(files);
});

test('an approval that fits no stage is refused with a sensible text', async () => {
  const run = await start('not-waiting', await pipelineInputFor(testEnv, ROWS.slice(0, 1)));
  const refused = await run.executeUpdate('approveSpend').catch((e: unknown) => e);
  expect(errorOfRun(refused, 'not-waiting').code).toBe('action_refused');
  await run.result();
});

test('a cancelled run publishes the answers that it has', async () => {
  const results = [{ to: 'out/cancelled.jsonl' }];
  const run = await start('cancelled', await pipelineInputFor(testEnv, ROWS, { results }));
  await eventually('a done cell', async () => {
    const [table] = testEnv.sandbox.ledger.tables().slice(-1);
    return (table?.cellsDone ?? 0) > 20 && (await progress(run)).stage === 'running';
  });
  clock.freeze();
  await run.cancel();
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('cancelled');
  expect(summary.rows).toBe(20);
  const text = await readFile(summary.results[0]?.path ?? '', 'utf8');
  expect(text.trimEnd().split('\n')).toHaveLength(20);
  expect(summary.cells.done + summary.cells.pending).toBe(20);
});

test('at its deadline a run publishes what is there as partial', async () => {
  const input = await pipelineInputFor(testEnv, ROWS, {
    run: { minPollInterval: '100ms', maxPollInterval: '1s', deadline: '20s' },
    results: [{ to: 'out/late.jsonl' }],
  });
  const run = await start('late', input);
  await stageIs(run, 'running');
  clock.freeze();
  const summary = (await run.result()) as RunSummary;
  expect(summary.outcome).toBe('partial');
  expect(summary.cells.pending).toBeGreaterThan(0);
  const manifest: unknown = JSON.parse(await readFile(summary.manifest ?? '', 'utf8'));
  expect(manifest).toMatchObject({
    outcome: 'partial',
    reason: expect.stringMatching(/^the deadline was reached; \d+ of 20 cells have no answer/),
  });
});
