import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { rowmill, type Command } from '../cli/command.ts';
import { pipelineInputFor, TOKEN, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { companies } from '../support/providers/cases.ts';

/** `rowmill worker` beside the test environment, on a task queue of its own. */
export interface WorkerProcess extends Command {
  healthUrl: string;
  /** Returns the lines that it logged so far. */
  log(): Record<string, unknown>[];
}

export const queueOf = (testEnv: TestEnv): string => `${testEnv.taskQueue}-process`;

export const workerEnv = (testEnv: TestEnv): Record<string, string> => ({
  EXTRUCT_API_TOKEN: TOKEN,
  EXTRUCT_BASE_URL: testEnv.sandbox.url,
  TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
  ROWMILL_TASK_QUEUE: queueOf(testEnv),
  ROWMILL_STORE: testEnv.store.location,
  ROWMILL_HEALTH_PORT: '0',
  ROWMILL_WORKFLOW_BUNDLE: process.env['ROWMILL_TEST_BUNDLE'] ?? '',
});

export async function startWorkerProcess(
  testEnv: TestEnv,
  env: Record<string, string> = {},
): Promise<WorkerProcess> {
  const command = rowmill(['worker'], {
    cwd: testEnv.folder,
    env: { ...workerEnv(testEnv), ...env },
  });
  let text = '';
  command.child.stderr?.on('data', (chunk: string) => (text += chunk));
  await command.says('"worker started"');
  const log = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const healthUrl = String(log().find(({ msg }) => msg === 'worker started')?.['health']);
  return { ...command, healthUrl, log };
}

type Run = (input: unknown) => Promise<RunSummary>;

export async function startRunOn(testEnv: TestEnv, workflowId: string, count = 2) {
  const rows = companies(count);
  return testEnv.client.workflow.start<Run>(WORKFLOW_TYPE, {
    workflowId: `${workflowId}-${testEnv.taskQueue}`,
    taskQueue: queueOf(testEnv),
    args: [await pipelineInputFor(testEnv, rows)],
  });
}

type Handle = Awaited<ReturnType<typeof startRunOn>>;

export const pendingStep = async (handle: Handle) => {
  const { raw } = await handle.describe();
  const [step] = raw.pendingActivities ?? [];
  return { type: step?.activityType?.name, attempt: step?.attempt, raw: step };
};

/** Waits until the run waits for cells that the sandbox works on. */
export const untilItWaits = (handle: Handle, testEnv: TestEnv): Promise<void> =>
  eventually('the run waits for cells', async () => {
    const { type, raw } = await pendingStep(handle);
    return type === 'awaitIdle' && raw?.lastHeartbeatTime != null && inProgress(testEnv) > 0;
  });

const inProgress = ({ sandbox }: TestEnv): number => {
  const { cellsStarted, cellsDone, cellsFailed } = sandbox.ledger.summary();
  return cellsStarted - cellsDone - cellsFailed;
};
