import type { Client } from '@temporalio/client';
import { pollersOf, QUEUE_TYPE } from './pollers.ts';

/**
 * Whether a worker serves a task queue. `perhaps`: one polled of late, but not just now by the clock
 * of this machine, which may be wrong. Ask, and take silence for an answer.
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
    // The server does not say.
    return 'yes';
  }
}

export const noWorkerText = (taskQueue: string): string =>
  `no worker on task queue ${taskQueue}: start one with \`rowmill worker\`, or \`rowmill dev\` again; runs go on where they were`;

/** Of a queue that a worker polled a moment ago. */
export const silentText = (taskQueue: string): string =>
  `the worker on task queue ${taskQueue} does not answer: where it has stopped, start it again, and runs go on where they were`;
