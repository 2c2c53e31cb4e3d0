import { hostname } from 'node:os';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { WORKFLOW_TYPE, type StepName } from '../contract/names.ts';
import { isStill, markOf } from '../process/process-mark.ts';

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
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'`;
  let failed = 0;
  for await (const run of client.workflow.list({ query })) {
    if (performance.now() > untilMs) break;
    if (run.taskQueue === taskQueue) failed += await failIn(client, run);
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
    const { activityId, activityType, lastWorkerIdentity, lastStartedTime } = step;
    if (Number(step.state) !== STARTED || !activityId || !HARMLESS.has(activityType?.name ?? ''))
      continue;
    if (!isGone(lastWorkerIdentity ?? '', Number(lastStartedTime?.seconds ?? 0) * 1_000)) continue;
    const lost = ApplicationFailure.retryable('the worker was killed', 'worker_lost');
    const isFailed = await client.activity.fail({ workflowId, runId, activityId }, lost).then(
      () => true,
      // The step may have timed out at this moment.
      () => false,
    );
    if (isFailed) failed += 1;
  }
  return failed;
}

/** Most by which the clocks of the server and of this machine are assumed to differ, ms. */
const CLOCKS_DIFFER_MS = 5_000;

/**
 * Checks the process of a worker, whose identity is `<process id>@<host>`. A container that is
 * restarted keeps its host name and process id: a step that began before this process is not its own.
 */
function isGone(identity: string, stepStartedAtMs: number): boolean {
  const [, id, host] = /^(\d+)@(.+)$/.exec(identity) ?? [];
  if (id === undefined || host !== hostname()) return false;
  const pid = Number(id);
  if (pid === process.pid) {
    return stepStartedAtMs < performance.timeOrigin - CLOCKS_DIFFER_MS;
  }
  return !isStill(markOf(pid));
}
