import { afterEach, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import { cellSetLines } from '../../activities/run-files/cell-set-file.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { CASES } from '../support/providers/cases.ts';
import { eventually } from '../support/eventually.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

const ROWS = Array.from({ length: 12 }, (_, n) => ({
  Symbol: `S${n}`,
  Security: `Company ${n}`,
  Employees: String(n * 10),
}));
const CLEAN = { failRate: 0, alwaysFailsRate: 0 };
const POLLS = { minPollInterval: '100ms', maxPollInterval: '1s' };
const RUN = { ...POLLS, stallAfter: '20s', deadline: '10m' };

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const id = (): string => `canary-${testEnv.taskQueue}`;
const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

describe.each([...CASES])('$name', (provider) => {
  const { columns } = provider.tables.two;
  const keys = columns
    .map((column) => column['key'] ?? column['title'])
    .filter((key): key is string => typeof key === 'string');
  const [sector = '', size = ''] = keys.slice(-2);
  const inputOf = (fields: Record<string, unknown>) =>
    pipelineInputFor(testEnv, ROWS, { table: provider.tables.two, run: RUN, ...fields }, provider);
  const start = async (fields: Record<string, unknown>) =>
    testEnv.client.workflow.start('enrichTable', {
      workflowId: id(),
      taskQueue: testEnv.taskQueue,
      args: [await inputOf(fields)],
    });
  /** Expects answers of another kind than there are. */
  const NUMBERS = { expect: { [sector]: { type: 'number' } } };

  test('the rest follows by itself without paying a cell twice', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const input = await inputOf({ canary: { rows: 3 } });
    const summary = await executeRun(testEnv, id(), input);
    expect(summary).toMatchObject({
      outcome: 'completed',
      passes: 2,
      cells: { done: 2 * ROWS.length, pending: 0 },
      canary: { rows: 3, of: ROWS.length, credits: 6 },
      creditsSpent: 2 * ROWS.length,
    });
    expect(summary.approvals).toBeUndefined();
    expect(paid()).toBe(2 * ROWS.length);
  });

  test('a canary that fails an expectation waits for an approval', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const run = await start({ ...NUMBERS, canary: { rows: 2, pick: ['S5', 'S7'] } });
    let progress = await run.query<RunProgress>('progress');
    await eventually('the approval', async () => {
      progress = await run.query<RunProgress>('progress');
      return progress.stage === 'waiting for approval';
    });
    expect(progress.pendingApproval).toEqual({
      credits: 20,
      cells: null,
      canary: {
        rows: 2,
        of: 12,
        credits: 4,
        expectations: [{ column: sector, rule: 'type', wanted: 1, found: 0, met: false }],
      },
    });
    expect(paid()).toBe(4);
    await expect(run.executeUpdate('rerunFailed')).rejects.toThrow();
    await run.executeUpdate('approveSpend');
    // All results fail it as well, and are to be approved by themselves.
    await eventually('the results', async () => {
      progress = await run.query<RunProgress>('progress');
      return progress.pendingApproval?.failed !== undefined;
    });
    expect(paid()).toBe(2 * ROWS.length);
    await run.executeUpdate('approveSpend');
    const summary = (await run.result()) as RunSummary;
    expect(summary).toMatchObject({ outcome: 'completed', cells: { done: 2 * ROWS.length } });
    expect(summary.approvals).toHaveLength(2);
  });

  test('a canary that is not approved costs no more than its rows', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const run = await start({ ...NUMBERS, canary: { rows: 2, pick: 'first' } });
    await eventually(
      'the approval',
      async () => (await run.query<RunProgress>('progress')).stage === 'waiting for approval',
    );
    await run.cancel();
    const summary = (await run.result()) as RunSummary;
    expect(summary).toMatchObject({ outcome: 'cancelled', cells: { done: 4, pending: 20 } });
    expect(paid()).toBe(4);
  });

  test('a cell that failed in the canary is not asked for again with the rest', async () => {
    testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0.4 } });
    const input = await inputOf({ run: { ...RUN, failedPasses: 1 }, canary: { rows: 6 } });
    const summary = await executeRun(testEnv, id(), input);
    expect(summary.canary).toMatchObject({ rows: 6, of: 12 });
    const asked = new Map<string, number>();
    const folder = testEnv.store.run({ workflowId: summary.workflowId, firstRunId: summary.runId });
    for (let pass = 1; pass <= summary.passes; pass += 1) {
      for await (const line of cellSetLines(folder, pass)) {
        if (!('rowId' in line)) continue;
        for (const column of line.groups.flatMap(({ columns }) => columns)) {
          const cell = `${line.key}/${column}`;
          asked.set(cell, (asked.get(cell) ?? 0) + 1);
        }
      }
    }
    // Once, and once more in the only rerun of the canary or of the rest.
    expect(Math.max(...asked.values())).toBe(2);
  });

  test('conditions hold for the canary and for the rest', async () => {
    testEnv = await startTestEnv({ sandbox: CLEAN });
    const when = { [size]: { Employees: { atLeast: 50 } } };
    const input = await inputOf({ when, canary: { rows: 4 } });
    const summary = await executeRun(testEnv, id(), input);
    expect(summary).toMatchObject({ outcome: 'completed', cells: { done: 19, skipped: 5 } });
    expect(paid()).toBe(19);
    const text = await readFile(join(testEnv.folder, 'out', 'results.jsonl'), 'utf8');
    const rows = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ResultRow);
    expect(rows.every(({ complete }) => complete)).toBe(true);
  });
});

test('a canary without a single answer waits, whatever is expected', async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 1 } });
  const fields = { run: { ...RUN, failedPasses: 0 }, canary: { rows: 2 } };
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: id(),
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, fields)],
  });
  await eventually(
    'the approval',
    async () => (await run.query<RunProgress>('progress')).stage === 'waiting for approval',
  );
  expect(paid()).toBe(2);
  await run.cancel();
  await run.result();
});

test('a worker that reads the list itself refuses a canary that the list does not have', async () => {
  testEnv = await startTestEnv({ sandbox: CLEAN });
  const input = await pipelineInputFor(testEnv, ROWS, { canary: { rows: 1, pick: ['S99'] } });
  const error = await executeRun(testEnv, id(), input).catch((why: unknown) =>
    errorOfRun(why, id()),
  );
  expect(error).toMatchObject({ code: 'rows_invalid', what: 'no row has the key "S99"' });
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
});
