import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/**
 * A worker that waits for work asks once a minute; the server remembers it for five. Its API tells
 * no time, so this machine's clock is compared with the server's: half a minute is spare.
 */
const LIVE_FOR_MS = 90_000;

/** Whether a worker serves the task queue; `true` when the server does not say. */
export async function hasWorker(client: Client, taskQueue: string): Promise<boolean> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
    });
    const since = Date.now() / 1000 - LIVE_FOR_MS / 1000;
    return pollers.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds) > since);
  } catch {
    return true;
  }
}

export const noWorkerText = (taskQueue: string): string =>
  `no worker on task queue ${taskQueue}: start one with \`rowmill worker\``;
