import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { TaskQueueType } = proto.temporal.api.enums.v1;

export const QUEUE_TYPE = {
  workflow: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  activity: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
} as const;

export type QueueType = (typeof QUEUE_TYPE)[keyof typeof QUEUE_TYPE];

/** Age of a poll that counts as live: an idle worker polls once a minute, plus 30 s margin. */
const LIVE_FOR_MS = 90_000;

/** Worker on a task queue. */
export interface Poller {
  identity: string;
  /** True if it polled recently by this machine's clock, which may be wrong. */
  live: boolean;
}

/**
 * Lists the workers that the server lists, up to five minutes after their last poll.
 * `lastAccessTime` is server time; comparing it with the local clock is approximate.
 */
export async function pollersOf(
  client: Client,
  taskQueue: string,
  type: QueueType,
  nowMs = Date.now(),
): Promise<Poller[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: type,
  });
  const since = (nowMs - LIVE_FOR_MS) / 1_000;
  return pollers.map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    live: Number(lastAccessTime?.seconds) > since,
  }));
}

/**
 * Availability of a worker on a task queue. `perhaps`: one polled lately, but not recently by this
 * machine's clock, which may be wrong. Query it, and interpret silence as no worker.
 */
export type Availability = 'yes' | 'perhaps' | 'no';

export async function workerAvailability(
  client: Client,
  taskQueue: string,
  nowMs = Date.now(),
): Promise<Availability> {
  try {
    const pollers = await pollersOf(client, taskQueue, QUEUE_TYPE.workflow, nowMs);
    if (pollers.length === 0) return 'no';
    return pollers.some(({ live }) => live) ? 'yes' : 'perhaps';
  } catch {
    // The server does not report pollers.
    return 'yes';
  }
}

export const noWorkerText = (taskQueue: string): string =>
  `no worker on task queue ${taskQueue}: start one with \`rowmill worker\`, or \`rowmill dev\` again; runs go on where they were`;

/** Describes a queue that a worker polled a moment ago. */
export const silentText = (taskQueue: string): string =>
  `the worker on task queue ${taskQueue} does not answer: where it has stopped, start it again, and runs go on where they were`;
