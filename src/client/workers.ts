import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/**
 * Whether a worker serves a task queue. `perhaps`: one polled of late, but not just now by the clock
 * of this machine, which may be wrong. Ask, and take silence for an answer.
 */
export type Served = 'yes' | 'perhaps' | 'no';

/** A worker that waits for work asks once a minute; half a minute is spare. */
const LIVE_FOR_MS = 90_000;

/**
 * The server forgets a worker five minutes after its last poll. That is by its own clock; when the
 * last poll was it tells as a time, which only a clock of ours can be held against.
 */
export async function servedNow(
  client: Client,
  taskQueue: string,
  nowMs = Date.now(),
): Promise<Served> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
    });
    if (pollers.length === 0) return 'no';
    const since = (nowMs - LIVE_FOR_MS) / 1000;
    const polls = pollers.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds) > since);
    return polls ? 'yes' : 'perhaps';
  } catch {
    // The server does not say.
    return 'yes';
  }
}

export const noWorkerText = (taskQueue: string): string =>
  `no worker on task queue ${taskQueue}: start one with \`rowmill worker\``;
