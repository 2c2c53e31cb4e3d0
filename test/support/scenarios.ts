import type { WorkflowHandle } from '@temporalio/client';
import type { EnrichTableInput } from '../../src/contract/run.ts';
import { pipelineInputFor, type TestEnv, type TestEnvOptions } from './test-env.ts';
import { eventually } from './eventually.ts';
import { companies } from './providers/cases.ts';
import { stageIs } from './run-stage.ts';

/** A main path through the workflow, short; its history is kept and replayed on new code. */
export interface Scenario {
  name: string;
  sandbox: TestEnvOptions['sandbox'];
  pipeline: Record<string, unknown>;
  /** Acts on the run while it lives. */
  act?: (run: WorkflowHandle, testEnv: TestEnv) => Promise<void>;
}

const CLEAN = { failRate: 0, alwaysFailsRate: 0 };

export const SCENARIOS: Scenario[] = [
  { name: 'completed', sandbox: CLEAN, pipeline: {} },
  {
    name: 'failed-cells-rerun',
    sandbox: { failRate: 0.3, alwaysFailsRate: 0.2 },
    pipeline: { run: { ...quick(), failedPasses: 2 } },
  },
  {
    name: 'approved',
    sandbox: CLEAN,
    pipeline: { spend: { approveAbove: 1 } },
    act: async (run) => {
      await stageIs(run, 'waiting for approval');
      await run.executeUpdate('approveSpend');
    },
  },
  {
    name: 'cancelled',
    sandbox: { ...CLEAN, speed: 20, concurrency: 2 },
    pipeline: {},
    act: async (run, testEnv) => {
      await eventually('a done cell', () => testEnv.sandbox.ledger.summary().cellsDone > 20);
      await run.cancel();
    },
  },
  {
    name: 'paused',
    sandbox: { ...CLEAN, speed: 20, concurrency: 2 },
    pipeline: {},
    act: async (run, testEnv) => {
      await eventually('a done cell', () => testEnv.sandbox.ledger.summary().cellsDone > 20);
      await run.executeUpdate('pause', { args: [{ reason: 'a look at the prompt' }] });
      await stageIs(run, 'paused');
      await run.executeUpdate('resume');
    },
  },
  {
    name: 'adjusted-and-rerun',
    sandbox: { failRate: 1, alwaysFailsRate: 0, speed: 20, concurrency: 4 },
    pipeline: { run: { ...quick(), failedPasses: 0 } },
    act: async (run) => {
      await stageIs(run, 'running');
      await run.executeUpdate('adjust', { args: [{ deadline: '10m', maxPollInterval: '500ms' }] });
      await run.executeUpdate('rerunFailed');
    },
  },
  {
    name: 'deadline',
    sandbox: { ...CLEAN, speed: 20, concurrency: 2 },
    pipeline: { run: { ...quick(), deadline: '5s' } },
  },
  { name: 'refused', sandbox: CLEAN, pipeline: { spend: { maxCredits: 1 } } },
];

function quick() {
  return { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s' };
}

/** Plays a scenario to its end, whatever that is. */
export async function play(scenario: Scenario, testEnv: TestEnv): Promise<WorkflowHandle> {
  const input: EnrichTableInput = await pipelineInputFor(testEnv, companies(12), scenario.pipeline);
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: scenario.name,
    taskQueue: testEnv.taskQueue,
    args: [input],
  });
  await scenario.act?.(run, testEnv);
  await run.result().catch(() => undefined);
  return run;
}
