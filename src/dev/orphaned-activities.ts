import { hostname } from 'node:os';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { WORKFLOW_TYPE, type StepName } from '../contract/names.ts';
import { isStill, markOf } from './temporal/process.ts';

/**
 * Steps that change nothing at the provider. The others wait for their heartbeat time-out, so that
 * a request in flight at the kill can still be committed.
 */
const HARMLESS: ReadonlySet<string> = new Set<StepName>([
  'prepareRows',
  'awaitIdle',
  'collectResults',
  'publishResults',
]);

/** Value of temporal.api.enums.v1.PendingActivityState. */
const STARTED = 2;

/**
 * Fails the steps of a killed worker on this machine, so that they are retried at once instead of
 * after the heartbeat time-out. Only runs of one task queue, and only if the process is certainly
 * gone.
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
    // The step may have timed out at this moment.
    await client.activity.fail({ workflowId, runId, activityId }, lost).catch(() => undefined);
  }
}

/** Checks the process of a worker, whose identity is `<process id>@<host>`. */
function isGone(identity: string): boolean {
  const [, pid, host] = /^(\d+)@(.+)$/.exec(identity) ?? [];
  return pid !== undefined && host === hostname() && !isStill(markOf(Number(pid)));
}
