import { hostname } from 'node:os';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { WORKFLOW_TYPE } from '../contract/names.ts';
import { isStill, markOf } from './temporal/process.ts';

/**
 * Steps that change nothing at the provider. The others wait for their heartbeat to time out, which
 * gives a request that was on its way when the worker was killed the time to land.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  'prepareRows',
  'awaitIdle',
  'collectResults',
  'publishResults',
]);

/** Of temporal.api.enums.v1.PendingActivityState. */
const STARTED = 2;

/**
 * Gives steps back that a killed worker of this machine took with it: they are tried again at once
 * instead of after the heartbeat time-out. Only runs of one task queue, and only where the process is
 * known to be gone.
 */
export async function failOrphanedActivities(client: Client, taskQueue: string): Promise<void> {
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'`;
  for await (const run of client.workflow.list({ query })) {
    if (run.taskQueue === taskQueue) await releaseIn(client, run);
  }
}

async function releaseIn(
  client: Client,
  { workflowId, runId }: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>,
): Promise<void> {
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  for (const step of raw.pendingActivities ?? []) {
    const { activityId, activityType, lastWorkerIdentity } = step;
    if (Number(step.state) !== STARTED || !activityId || !HARMLESS.has(activityType?.name ?? ''))
      continue;
    if (!isGone(lastWorkerIdentity ?? '')) continue;
    const lost = ApplicationFailure.retryable('the worker was killed', 'worker_lost');
    // It may have timed out in this very moment.
    await client.activity.fail({ workflowId, runId, activityId }, lost).catch(() => undefined);
  }
}

/** A worker is known as `<process id>@<host>`. */
function isGone(identity: string): boolean {
  const [, pid, host] = /^(\d+)@(.+)$/.exec(identity) ?? [];
  return pid !== undefined && host === hostname() && !isStill(markOf(Number(pid)));
}
