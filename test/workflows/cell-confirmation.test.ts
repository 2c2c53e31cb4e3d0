import { afterEach, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import type { SandboxOptions, Seen } from '../../sandbox/index.ts';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { renderDetails } from '../../workflows/view/details.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import { eventually } from '../support/eventually.ts';

/** A provider that asks back, and would run more cells than it was asked to. */

let testEnv: TestEnv;
afterEach(() => testEnv.close());

/** Confirmation tokens, in the order they were sent. */
let tokens: string[];

function note({ phase, method, route, body }: Seen): undefined {
  if (method !== 'POST' || !route.endsWith('/operations')) return;
  const { confirmation_token: token } = body as { confirmation_token?: string };
  if (token === undefined) return;
  if (phase === 'before') tokens.push(token);
  // One that came too late was the last of that kind.
  else options().tokenLastsMs = 600_000;
}

async function open(promptLayer: SandboxOptions['promptLayer']): Promise<void> {
  tokens = [];
  testEnv = await startTestEnv({
    sandbox: {
      failRate: 0,
      alwaysFailsRate: 0,
      intercept: note,
      promptLayer: { confirmAbove: 10, confirmAlso: 5, ...promptLayer },
    },
  });
}

const options = () => testEnv.sandbox.state.promptLayer.options;

const start = async (pipeline: Record<string, unknown> = {}): Promise<WorkflowHandle> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: `more-cells-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, companies(20), pipeline, promptlayer)],
  });

const progressOf = (run: WorkflowHandle): Promise<RunProgress> =>
  run.query<RunProgress>('progress');

/** Waits for the approval of so many cells instead of twenty. */
const waitsFor = (run: WorkflowHandle, affected: number): Promise<void> =>
  eventually(`waits for ${affected} cells`, async () => {
    const { stage, pendingApproval } = await progressOf(run);
    return stage === 'waiting for approval' && pendingApproval?.cells?.affected === affected;
  });

const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

test('a run waits for an approval before it pays for more cells', async () => {
  await open({ tokenLastsMs: 1 });
  const run = await start();
  await waitsFor(run, 25);
  const held = await progressOf(run);
  expect(held.pendingApproval).toEqual({ credits: 25, cells: { requested: 20, affected: 25 } });
  expect(renderDetails(held)).toContain('would run 25 cells instead of 20');
  await testEnv.restartWorker();
  await waitsFor(run, 25);
  expect([paid(), tokens]).toEqual([0, []]);

  options().tokenLastsMs = 600_000;
  await run.executeUpdate('approveSpend', { args: [{ by: 'anna' }] });
  const ended = (await run.result()) as RunSummary;
  expect(ended).toMatchObject({ outcome: 'completed', cells: { done: 20 } });
  expect([paid(), tokens.length]).toEqual([20, 1]);
  const allowed = {
    approvals: [{ how: 'update', by: 'anna', credits: 25, cells: { requested: 20, affected: 25 } }],
    confirmed: { requests: 1, cells: 25 },
  };
  expect(ended).toMatchObject(allowed);
  expect(await progressOf(run)).toMatchObject(allowed);
  expect(JSON.parse(await readFile(ended.manifest ?? '', 'utf8'))).toMatchObject(allowed);
  const details = renderDetails(await progressOf(run));
  expect(details).toMatch(/approved +25 credits for 25 cells, by anna/);
  expect(details).toMatch(/confirmed +1 large run, 25 cells/);
});

test('an approval of fewer cells than are affected asks again', async () => {
  await open({});
  const run = await start();
  await waitsFor(run, 25);
  options().confirmAlso = 9;
  await run.executeUpdate('approveSpend', { args: [{ by: 'anna' }] });
  await waitsFor(run, 29);
  expect([paid(), tokens]).toEqual([0, []]);
  await run.executeUpdate('approveSpend', { args: [{ by: 'ben' }] });
  const ended = (await run.result()) as RunSummary;
  expect(ended).toMatchObject({ outcome: 'completed', approvals: [{ by: 'anna' }, { by: 'ben' }] });
  expect([paid(), new Set(tokens).size, tokens.length]).toEqual([20, 1, 1]);
});

test('fewer cells than approved need no further approval', async () => {
  await open({ tokenOver: 'refusal' });
  const run = await start();
  await waitsFor(run, 25);
  options().confirmAlso = 3;
  options().tokenLastsMs = 0;
  await run.executeUpdate('approveSpend');
  const ended = (await run.result()) as RunSummary;
  expect(ended).toMatchObject({ approvals: [{ how: 'update', by: null }] });
  expect(ended.confirmed).toEqual({ requests: 1, cells: 23 });
  expect([paid(), new Set(tokens).size, tokens.length]).toEqual([20, 2, 2]);
});

test('no approval is needed up to spend.approveAbove', async () => {
  await open({});
  const run = await start({ spend: { approveAbove: 25 } });
  const ended = (await run.result()) as RunSummary;
  expect(ended).toMatchObject({
    outcome: 'completed',
    confirmed: { requests: 1, cells: 25 },
    approvals: [{ how: 'policy', by: null, credits: 25 }],
  });
});

test('above spend.maxCredits it is refused before anything is paid', async () => {
  await open({});
  const run = await start({ spend: { maxCredits: 24 } });
  const error: unknown = await run.result().catch((failure: unknown) => errorOfRun(failure, 'it'));
  expect(error).toMatchObject({ code: 'spend_refused' });
  expect(String(error)).toContain('25 cells instead of 20');
  expect([paid(), tokens]).toEqual([0, []]);
});

test('cells without an approval before the deadline are not run', async () => {
  await open({});
  const run = await start();
  await waitsFor(run, 25);
  const { startedAtMs } = await progressOf(run);
  await run.executeUpdate('adjust', { args: [{ deadline: Date.now() - startedAtMs + 3_000 }] });
  const error: unknown = await run.result().catch((failure: unknown) => errorOfRun(failure, 'it'));
  expect(error).toMatchObject({ code: 'spend_refused' });
  expect([paid(), tokens]).toEqual([0, []]);
});

test('a run that waits so can be paused and cancelled', async () => {
  await open({});
  const run = await start();
  await waitsFor(run, 25);
  await run.executeUpdate('pause');
  await eventually('paused', async () => (await progressOf(run)).stage === 'paused');
  await run.executeUpdate('resume');
  await waitsFor(run, 25);
  await run.cancel();
  expect(await run.result()).toMatchObject({ outcome: 'cancelled', cells: { done: 0 } });
  expect([paid(), tokens]).toEqual([0, []]);
});
