import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { runStatus } from '../../src/client/runs/status.ts';
import { freshRuns } from '../../src/client/runs/lookup/fresh-runs.ts';
import { describeRun } from '../../src/client/runs/lookup/describe.ts';
import { toRunInfo } from '../../src/client/runs/lookup/list.ts';
import type { EnrichTableInput, RunProgress, RunSummary } from '../../src/contract/run.ts';
import { manualClock } from '../support/manual-clock.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(8);

let testEnv: TestEnv;
const clock = manualClock();
beforeAll(async () => {
  const slow = { speed: 60, concurrency: 2, realMs: clock.realMs };
  const cellMs = { min: 60_000, max: 60_000 };
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, cellMs, ...slow } });
});
afterAll(() => testEnv.close());

const start = (workflowId: string, input: EnrichTableInput): Promise<WorkflowHandle> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: `${workflowId}-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [input],
  });

const listed = async (run: WorkflowHandle) =>
  toRunInfo((await describeRun(testEnv.client, run.workflowId)).raw.workflowExecutionInfo);

test('runs that share an account report what each of them asked for', async () => {
  const runs = await Promise.all(
    [1, 2, 5].map(async (rows) => {
      const to = `out/shared-${rows}.jsonl`;
      const run = await start(
        `shared-${rows}`,
        await pipelineInputFor(testEnv, ROWS.slice(0, rows), { results: [{ to }] }),
      );
      return (await run.result()) as RunSummary;
    }),
  );
  expect(runs.map(({ creditsSpent }) => creditsSpent)).toEqual([1, 2, 5]);
  // The last one to end saw what all of them took.
  expect(Math.min(...runs.map(({ balanceChange }) => balanceChange ?? 0))).toBeLessThan(-5);
});

test('lists drop the wait for an approval as soon as it is given', async () => {
  const run = await start(
    'listed',
    await pipelineInputFor(testEnv, ROWS, { spend: { approveAbove: 1 } }),
  );
  const stageIs = (stage: string) =>
    eventually(`listed as ${stage}`, async () => (await listed(run)).stage === stage);
  await stageIs('waiting for approval');
  clock.freeze();
  await run.executeUpdate('approveSpend');
  await eventually('it is listed elsewhere', async () => {
    const { stage } = await listed(run);
    return stage !== 'waiting for approval';
  });
  await stageIs('running');
  expect((await listed(run)).progress).toBe('0 %, pass 1');
  clock.resume();
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({ outcome: 'completed', reason: null });
});

test('a partial run reports its reason', async () => {
  const failing = await startTestEnv({ sandbox: { failRate: 1, alwaysFailsRate: 1 } });
  try {
    const run = await failing.client.workflow.start('enrichTable', {
      workflowId: `why-${failing.taskQueue}`,
      taskQueue: failing.taskQueue,
      args: [await pipelineInputFor(failing, ROWS.slice(0, 3), { run: { failedPasses: 1 } })],
    });
    const reason =
      '3 of 3 cells have no answer (3 failed), more than run.tolerateFailed allows (0 %)';
    const summary = (await run.result()) as RunSummary;
    // The first pass and one rerun: asked for twice each.
    expect(summary).toMatchObject({ outcome: 'partial', reason, creditsSpent: 6 });
    expect(await run.query<RunProgress>('progress')).toMatchObject({ outcome: 'partial', reason });
    // The column of the Temporal UI.
    const { raw } = await run.describe();
    const payload = raw.workflowExecutionInfo?.searchAttributes?.indexedFields?.['RowmillProgress'];
    const shown: unknown = payload && defaultPayloadConverter.fromPayload(payload);
    expect(shown).toBe('partial: 3 of 3 cells have no answer');
  } finally {
    await failing.close();
  }
});

test('the server still reports the progress of a run whose worker is gone', async () => {
  clock.resume();
  const run = await start(
    'left',
    await pipelineInputFor(testEnv, ROWS, { results: [{ to: 'out/l.jsonl' }] }),
  );
  await eventually('some cells are done', async () => {
    const { progress } = await runStatus(testEnv.client, run.workflowId);
    return (progress?.cells.done ?? 0) >= 2;
  });
  clock.freeze();
  // Eight rows with four columns each, of which the table fills three by itself.
  const isTrue = async () => {
    const { progress } = await runStatus(testEnv.client, run.workflowId);
    const [fresh] = await freshRuns(testEnv.client, [await listed(run)]);
    const { done, total } = progress?.cells ?? { done: 0, total: 0 };
    return (
      done > 0 &&
      fresh?.progress === `${Math.floor((done / total) * 100)} %, pass 1` &&
      fresh.openCells === total - done
    );
  };
  await eventually('the list says how far it is', isTrue);
  await testEnv.worker.stop();
  // The server may name a worker that has stopped for as long as its last poll counts as just now.
  await eventually('the list misses the worker', async () => {
    const [fresh] = await freshRuns(testEnv.client, [await listed(run)]);
    expect(fresh?.stage).toBe('running');
    return fresh?.trouble?.includes(`no worker on task queue ${testEnv.taskQueue}`) === true;
  });
  await eventually('no worker answers', async () => {
    const { lastKnown } = await runStatus(testEnv.client, run.workflowId);
    return (lastKnown?.cells?.done ?? 0) >= 2;
  });
  clock.resume();
  await testEnv.restartWorker();
  expect(((await run.result()) as RunSummary).outcome).toBe('completed');
});
