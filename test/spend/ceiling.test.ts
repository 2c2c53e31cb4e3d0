import { afterEach, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import type { SandboxOptions } from '../../sandbox/index.ts';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { QuarantineLine } from '../../src/contract/results.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import type { SpendCeiling } from '../../src/rules/spend/ceiling.ts';
import { CASES, companies } from '../support/providers/cases.ts';
import { extruct } from '../support/providers/extruct.ts';
import { eventually } from '../support/eventually.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

const ROWS = companies(10);

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const open = async (
  sandbox: Partial<SandboxOptions>,
  ceiling: SpendCeiling = {},
): Promise<void> => {
  testEnv = await startTestEnv({
    sandbox: { failRate: 0, alwaysFailsRate: 0, ...sandbox },
    deps: { ceiling },
  });
};

const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

const quarantineOf = async ({ quarantine }: RunSummary): Promise<QuarantineLine[]> =>
  (await readFile(quarantine?.path ?? '', 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as QuarantineLine);

test.each(CASES)(
  '$name: a first pass is cut to the ceiling in the order of the columns',
  async (provider) => {
    await open({});
    const spend = { maxCredits: 13, onCeiling: 'publish' };
    const table = provider.tables.two;
    const input = await pipelineInputFor(testEnv, ROWS, { spend, table }, provider);
    const summary = await executeRun(testEnv, `cut-${testEnv.taskQueue}`, input);
    expect(summary).toMatchObject({
      outcome: 'partial',
      creditsSpent: 13,
      ceiling: { maxCredits: 13, asked: 13, cellsNotAsked: 7 },
      cells: { done: 13, pending: 7 },
    });
    expect(summary.reason).toMatch(
      /^the ceiling was reached: 13 of 13 credits were asked for, 7 cells were not asked for; /,
    );
    expect(paid()).toBe(13);
    const lines = await quarantineOf(summary);
    const second = input.pipeline.table.columns.length;
    expect(second).toBeGreaterThan(1);
    expect(lines).toHaveLength(7);
    expect(new Set(lines.map(({ reason }) => reason))).toEqual(new Set(['not asked: ceiling']));
    expect(new Set(lines.map(({ column }) => column)).size).toBe(1);
    expect(lines.map(({ key }) => key)).toEqual(ROWS.slice(3).map(({ Symbol }) => Symbol));
  },
);

test.each(CASES)(
  '$name: a rerun asks for the cells that the ceiling kept back',
  async (provider) => {
    await open({});
    const spend = { maxCredits: 13, onCeiling: 'publish' };
    const table = provider.tables.two;
    const input = await pipelineInputFor(testEnv, ROWS, { spend, table }, provider);
    const id = `cut-first-${testEnv.taskQueue}`;
    const run = await testEnv.client.workflow.start('enrichTable', {
      workflowId: id,
      taskQueue: testEnv.taskQueue,
      args: [input],
    });
    await run.result();
    const previousRun = { workflowId: id, firstRunId: run.firstExecutionRunId };
    const summary = await executeRun(testEnv, `${id}-rerun`, { ...input, previousRun });
    expect(summary).toMatchObject({ outcome: 'completed', creditsSpent: 7, cells: { done: 20 } });
    expect(summary.ceiling).toBeUndefined();
    expect(paid()).toBe(20);
  },
);

test('the rest behind a canary is cut to what its passes have left', async () => {
  await open({});
  const spend = { maxCredits: 7, onCeiling: 'publish' };
  const canary = { rows: 3, pick: 'first' };
  const input = await pipelineInputFor(testEnv, ROWS, { spend, canary });
  const summary = await executeRun(testEnv, `canary-${testEnv.taskQueue}`, input);
  expect(summary).toMatchObject({
    outcome: 'partial',
    cells: { done: 7, pending: 3 },
    ceiling: { maxCredits: 7, asked: 7, cellsNotAsked: 3 },
  });
  expect(paid()).toBe(7);
  expect((await quarantineOf(summary)).map(({ reason }) => reason)).toEqual(
    Array.from({ length: 3 }, () => 'not asked: ceiling'),
  );
});

test('reruns count towards the ceiling', async () => {
  await open({ failRate: 1, alwaysFailsRate: 1 });
  const run = { failedPasses: 3, minPollInterval: '100ms', maxPollInterval: '1s' };
  const input = await pipelineInputFor(testEnv, ROWS, { run, spend: { maxCredits: 14 } });
  const summary = await executeRun(testEnv, `rerun-${testEnv.taskQueue}`, input);
  expect(summary).toMatchObject({
    outcome: 'partial',
    passes: 2,
    creditsSpent: 14,
    ceiling: { maxCredits: 14, asked: 14, cellsNotAsked: 0 },
  });
  expect(testEnv.sandbox.ledger.summary().creditsSpent).toBeLessThanOrEqual(14);
  const attempts = (await quarantineOf(summary)).map((line) => line.attempts);
  expect(attempts.reduce((sum, one) => sum + one, 0)).toBe(14);
});

test('without onCeiling an estimate above the ceiling is refused, as ever', async () => {
  await open({});
  const id = `refused-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, ROWS, { spend: { maxCredits: 9 } });
  const error: unknown = await executeRun(testEnv, id, input).catch((reason: unknown) =>
    errorOfRun(reason, id),
  );
  expect(error).toMatchObject({ code: 'spend_refused' });
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
});

test('a ceiling below one cell is refused before there is a table', async () => {
  await open({});
  const id = `none-${testEnv.taskQueue}`;
  const spend = { creditsPerCell: 2, maxCredits: 1, onCeiling: 'publish' };
  const input = await pipelineInputFor(testEnv, ROWS, { spend });
  const error: unknown = await executeRun(testEnv, id, input).catch((reason: unknown) =>
    errorOfRun(reason, id),
  );
  expect(error).toMatchObject({ code: 'spend_refused' });
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
});

const start = async (spend: object, overrides: object = {}): Promise<WorkflowHandle> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: `ask-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [{ ...(await pipelineInputFor(testEnv, ROWS, { spend, ...overrides })), approved: true }],
  });

const asks = (run: WorkflowHandle): Promise<void> =>
  eventually(
    'the question',
    async () => (await run.query<RunProgress>('progress')).stage === 'waiting for approval',
  );

test('onCeiling: ask waits for an approval of each pass above the ceiling', async () => {
  await open({ failRate: 1, alwaysFailsRate: 1 });
  const policy = { failedPasses: 1, minPollInterval: '100ms', maxPollInterval: '1s' };
  const run = await start({ maxCredits: 9, onCeiling: 'ask' }, { run: policy });
  await asks(run);
  const first = await run.query<RunProgress>('progress');
  expect(first.pendingApproval).toEqual({ credits: 10, cells: null, ceiling: 9 });
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
  await run.executeUpdate('approveSpend', { args: [{ by: 'ada' }] });
  await eventually('the second question', async () => {
    const { pendingApproval } = await run.query<RunProgress>('progress');
    return pendingApproval?.ceiling === 10;
  });
  const second = await run.query<RunProgress>('progress');
  expect(second.pendingApproval).toEqual({ credits: 20, cells: null, ceiling: 10 });
  await run.executeUpdate('approveSpend');
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({ passes: 2, creditsSpent: 20 });
  expect(summary.ceiling).toBeUndefined();
  expect(summary.approvals?.map(({ credits, ceiling }) => [credits, ceiling])).toEqual([
    [10, 9],
    [20, 10],
  ]);
});

test('no approval raises the limit of the owner', async () => {
  await open({ failRate: 1, alwaysFailsRate: 1 }, { maxCredits: 12 });
  const policy = { failedPasses: 2, minPollInterval: '100ms', maxPollInterval: '1s' };
  const run = await start({ maxCredits: 11, onCeiling: 'ask' }, { run: policy });
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'partial', passes: 2, ceiling: { asked: 11 } });
  expect(testEnv.sandbox.ledger.summary().creditsSpent).toBeLessThanOrEqual(12);
});

test('a price of half a credit fills the ceiling to the last cell that fits', async () => {
  await open({});
  const spend = { creditsPerCell: 0.5, maxCredits: 3.2, onCeiling: 'publish' };
  const input = await pipelineInputFor(testEnv, ROWS, { spend }, extruct);
  const summary = await executeRun(testEnv, `half-${testEnv.taskQueue}`, input);
  expect(summary).toMatchObject({ creditsSpent: 3, ceiling: { maxCredits: 3.2, asked: 3 } });
  expect(paid()).toBe(6);
});
