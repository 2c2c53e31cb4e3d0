import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import { queueOf, startRunOn, startWorkerProcess } from '../cli-processes/worker-process.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';

/**
 * Returns the metrics of `rowmill worker` after a run that completed, one that failed and one that
 * is stuck.
 */
export async function liveMetrics(): Promise<string> {
  const testEnv = await startTestEnv();
  try {
    const worker = await startWorkerProcess(testEnv);
    try {
      return await afterRuns(testEnv, `${worker.healthUrl}/metrics`);
    } finally {
      worker.child.kill('SIGTERM');
      await worker.ended;
    }
  } finally {
    await testEnv.close();
  }
}

async function afterRuns(testEnv: TestEnv, url: string): Promise<string> {
  await (await startRunOn(testEnv, 'counted')).result();
  const input = await pipelineInputFor(testEnv, [{ Symbol: 'MMM', Security: '3M' }]);
  const failing = await start(testEnv, 'refused', {
    pipeline: { ...input.pipeline, provider: 'nobody' },
  });
  await failing.result().catch(() => undefined);
  // A workflow that this worker's code does not have: its task fails again and again.
  const stuck = await start(testEnv, 'stuck', {}, 'enrichTableOfAnotherVersion');
  let text = '';
  await eventually('everything has been counted', async () => {
    text = await (await fetch(url)).text();
    return /temporal_workflow_task_execution_failed_total\{/.test(text);
  });
  await stuck.terminate();
  return text;
}

const start = (testEnv: TestEnv, name: string, input: object, type: string = WORKFLOW_TYPE) =>
  testEnv.client.workflow.start(type, {
    workflowId: `${name}-${testEnv.taskQueue}`,
    taskQueue: queueOf(testEnv),
    args: [input],
  });
