import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(12);
/** Failures of about half of the cells, for good: more than any expectation allows. */
const SANDBOX = { failRate: 0, alwaysFailsRate: 0.5 };
const POLLS = { minPollInterval: '100ms', maxPollInterval: '1s', failedPasses: 0 };
const RUN = { ...POLLS, stallAfter: '20s', deadline: '10m', tolerateFailed: '100%' };
const FILLED = { expect: { sector: { filled: '100%' } }, run: RUN };

let testEnv: TestEnv;
beforeEach(async () => {
  testEnv = await startTestEnv({ sandbox: SANDBOX });
});
afterEach(() => testEnv.close());

const id = (name: string): string => `${name}-${testEnv.taskQueue}`;
const at = (name: string): string => join(testEnv.folder, 'out', name);

const start = async (name: string, fields: Record<string, unknown>) =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: id(name),
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, fields)],
  });
const complete = async (name: string, fields: Record<string, unknown>): Promise<RunSummary> =>
  executeRun(testEnv, id(name), await pipelineInputFor(testEnv, ROWS, fields));

type Started = Awaited<ReturnType<typeof start>>;
const waiting = async (run: Started): Promise<RunProgress> => {
  let progress = await run.query<RunProgress>('progress');
  await eventually('the approval', async () => {
    progress = await run.query<RunProgress>('progress');
    return progress.stage === 'waiting for approval';
  });
  return progress;
};

test('results that fail an expectation are published after an approval', async () => {
  const before = await complete('before', { run: RUN });
  const kept = await readFile(at('results.jsonl'), 'utf8');
  const run = await start('held', FILLED);
  const { pendingApproval } = await waiting(run);
  expect(pendingApproval?.failed).toMatchObject([
    { column: 'sector', rule: 'filled', wanted: 1, met: false },
  ]);
  expect(await readFile(at('results.jsonl'), 'utf8')).toBe(kept);
  await expect(run.executeUpdate('rerunFailed')).rejects.toThrow();
  await run.executeUpdate('approveSpend', { args: [{ by: 'ann' }] });
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({
    outcome: 'completed',
    results: [{ path: at('results.jsonl') }],
    expectations: [{ column: 'sector', rule: 'filled', met: false }],
    approvals: [{ how: 'update', by: 'ann', failed: [{ column: 'sector' }] }],
    changes: { since: before.workflowId },
  });
  expect(JSON.parse(await readFile(at('results.manifest.json'), 'utf8'))).toMatchObject({
    workflowId: id('held'),
    expectations: summary.expectations,
  });
});

test('results without approval stay in the store', async () => {
  const before = await complete('before', { run: RUN });
  const kept = await readFile(at('results.jsonl'), 'utf8');
  const run = await start('cancelled', FILLED);
  await waiting(run);
  await run.cancel();
  const cancelled = (await run.result()) as RunSummary;
  const withheld = /^expectations are not met, and were not approved: sector filled /;
  const notPublished = [
    {
      path: at('results.jsonl'),
      reason: expect.stringMatching(withheld),
      existing: { workflowId: before.workflowId },
    },
  ];
  expect(cancelled).toMatchObject({ outcome: 'cancelled', results: [], notPublished });

  const late = await start('late', FILLED);
  await waiting(late);
  await late.executeUpdate('adjust', { args: [{ deadline: '12s' }] }).catch(() => undefined);
  const summary = (await late.result()) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'partial', results: [], notPublished });
  expect(summary.reason).toMatch(/^the deadline was reached; expectations are not met: sector/);
  expect(await readFile(at('results.jsonl'), 'utf8')).toBe(kept);
  const folder = testEnv.store.run({ workflowId: id('late'), firstRunId: summary.runId });
  expect(await folder.exists('results.jsonl')).toBe(true);
});

test('onFailedExpectation decides the outcome', async () => {
  const partial = await complete('partial', { ...FILLED, onFailedExpectation: 'partial' });
  expect(partial.outcome).toBe('partial');
  expect(partial.reason).toMatch(/^expectations are not met: sector filled \d+(\.\d)? % \(wanted/);
  expect(partial.results).toHaveLength(1);
  const warned = await complete('warned', { ...FILLED, onFailedExpectation: 'warn' });
  expect(warned).toMatchObject({ outcome: 'completed', reason: null, results: [{ rows: 12 }] });
  expect(warned.expectations).toMatchObject([{ met: false }]);
});

test('only the values of answers are judged', async () => {
  const run = { ...RUN };
  const met = await complete('met', { run, expect: { sector: { type: 'string', filled: '1%' } } });
  expect(met.outcome).toBe('completed');
  expect(met.expectations).toEqual([
    { column: 'sector', rule: 'filled', wanted: 0.01, found: expect.any(Number), met: true },
    { column: 'sector', rule: 'type', wanted: 1, found: 1, met: true },
  ]);
  const numbers = await complete('numbers', {
    run,
    expect: { sector: { type: 'number', min: 1 } },
    onFailedExpectation: 'warn',
  });
  expect(numbers.expectations).toEqual([
    { column: 'sector', rule: 'type', wanted: 1, found: 0, met: false },
    { column: 'sector', rule: 'min', wanted: 1, found: 0, met: false },
  ]);
});
