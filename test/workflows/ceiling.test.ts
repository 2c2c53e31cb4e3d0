import { afterEach, expect, test } from '@jest/globals';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import type { SpendCeiling } from '../../src/rules/spend/ceiling.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(10);

let testEnv: TestEnv;
const open = async (ceiling: SpendCeiling): Promise<void> => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 }, deps: { ceiling } });
};
afterEach(() => testEnv.close());

test('cells that a caller calls free are counted at the price of the owner', async () => {
  await open({ creditsPerCell: 1, maxCredits: 9 });
  const id = `dear-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, ROWS, {
    spend: { creditsPerCell: 0, maxCredits: 1_000 },
  });
  const error = await executeRun(testEnv, id, { ...input, approved: true }).then(
    () => null,
    (reason: unknown) => errorOfRun(reason, id),
  );
  expect(error).toMatchObject({ code: 'spend_refused' });
  expect(error?.message).toContain('estimated 10 credits');
  expect(error?.message).toContain('ROWMILL_MAX_CREDITS_PER_RUN of the worker is 9');
  expect(testEnv.sandbox.ledger.summary()).toMatchObject({ tablesCreated: 0, creditsSpent: 0 });
});

test('a yes that came with the start does not count above what the owner lets pass', async () => {
  await open({ creditsPerCell: 2, approveAbove: 19 });
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: `asks-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [{ ...(await pipelineInputFor(testEnv, ROWS)), approved: true }],
  });
  const progress = () => run.query<RunProgress>('progress');
  await eventually('the question', async () => (await progress()).stage === 'waiting for approval');
  expect((await progress()).pendingApproval).toEqual({ credits: 20, cells: null });
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
  await run.executeUpdate('approveSpend', { args: [{ by: 'the owner' }] });
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'completed', estimatedCredits: 20 });
  expect(summary.approvals).toMatchObject([{ credits: 20, how: 'update', by: 'the owner' }]);
});

test('a pipeline that is stricter than the owner keeps its own limits', async () => {
  await open({ creditsPerCell: 0.5, maxCredits: 1_000, approveAbove: 500 });
  const id = `strict-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, ROWS, { spend: { maxCredits: 8 } });
  const error = await executeRun(testEnv, id, input).catch((reason: unknown) =>
    errorOfRun(reason, id),
  );
  expect(error).toMatchObject({ code: 'spend_refused' });
  expect((error as Error).message).toContain('spend.maxCredits is 8');
});
