import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import { queueOf, startRunOn, startWorkerProcess } from '../cli-processes/worker-process.ts';
import { inputFor, openHouse, type House } from '../support/house.ts';
import { until } from '../support/until.ts';

/** What `rowmill worker` exposes after a run that completed, one that failed and one that is stuck. */
export async function liveMetrics(): Promise<string> {
  const house = await openHouse();
  try {
    const worker = await startWorkerProcess(house);
    try {
      return await afterRuns(house, `${worker.healthUrl}/metrics`);
    } finally {
      worker.child.kill('SIGTERM');
      await worker.ended;
    }
  } finally {
    await house.close();
  }
}

async function afterRuns(house: House, url: string): Promise<string> {
  await (await startRunOn(house, 'counted')).result();
  const input = await inputFor(house, [{ Symbol: 'MMM', Security: '3M' }]);
  const failing = await start(house, 'refused', {
    pipeline: { ...input.pipeline, provider: 'nobody' },
  });
  await failing.result().catch(() => undefined);
  // A workflow that this worker's code does not have: its task fails again and again.
  const stuck = await start(house, 'stuck', {}, 'enrichTableOfAnotherVersion');
  let text = '';
  await until('everything has been counted', async () => {
    text = await (await fetch(url)).text();
    return /temporal_workflow_task_execution_failed_total\{/.test(text);
  });
  await stuck.terminate();
  return text;
}

const start = (house: House, name: string, input: object, type: string = WORKFLOW_TYPE) =>
  house.client.workflow.start(type, {
    workflowId: `${name}-${house.taskQueue}`,
    taskQueue: queueOf(house),
    args: [input],
  });
