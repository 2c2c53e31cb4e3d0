import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { TaskQueueType } = proto.temporal.api.enums.v1;

export const QUEUE_TYPE = {
  workflow: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  activity: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
} as const;

type QueueType = (typeof QUEUE_TYPE)[keyof typeof QUEUE_TYPE];

/** A poll waits for a minute; the server remembers pollers for five. */
const LIVE_FOR_MS = 90_000;

/** Workers that polled the queue of late. */
export async function lastPolls(
  client: Client,
  taskQueue: string,
  type: QueueType,
): Promise<number> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: type,
  });
  const sinceS = (Date.now() - LIVE_FOR_MS) / 1_000;
  const live = pollers.filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds) > sinceS);
  return new Set(live.map(({ identity }) => identity)).size;
}
