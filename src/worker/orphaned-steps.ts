import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { WORKFLOW_TYPE, type StepName } from '../contract/names.ts';
import { isGone } from '../process/worker-identity.ts';

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

/** Time after which the heartbeat time-out has ended whatever step a killed worker had, ms. */
const WORTHWHILE_MS = 25_000;

/**
 * Fails the steps of a killed worker on this machine, so that they are retried at once instead of
 * after the heartbeat time-out. Only runs of one task queue, and only if the process is certainly
 * gone.
 *
 * @returns Number of steps that are retried
 */
export async function failOrphanedSteps(client: Client, taskQueue: string): Promise<number> {
  const untilMs = performance.now() + WORTHWHILE_MS;
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' AND TaskQueue = ${JSON.stringify(taskQueue)}`;
  let failed = 0;
  for await (const run of client.workflow.list({ query })) {
    if (performance.now() > untilMs) break;
    // A run that has ended meanwhile, or was deleted, keeps no other from going on.
    failed += await failIn(client, run).catch(() => 0);
  }
  return failed;
}

async function failIn(
  client: Client,
  { workflowId, runId }: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>,
): Promise<number> {
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  let failed = 0;
  for (const step of raw.pendingActivities ?? []) {
    const { activityId, activityType, lastWorkerIdentity } = step;
    if (Number(step.state) !== STARTED || !activityId || !HARMLESS.has(activityType?.name ?? ''))
      continue;
    if (!isGone(lastWorkerIdentity ?? '')) continue;
    const lost = ApplicationFailure.retryable('the worker was killed', 'worker_lost');
    failed += await client.activity.fail({ workflowId, runId, activityId }, lost).then(
      () => 1,
      // The step may have timed out at this moment.
      () => 0,
    );
  }
  return failed;
}
