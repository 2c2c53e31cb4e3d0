import { WorkflowFailedError, type Client } from '@temporalio/client';
import type { RunSummary } from '../../contract/run.ts';
import type { RowmillError } from '../../errors.ts';
import { errorOfRun } from './errors.ts';
import { lastKnown, liveProgress, type LastKnown, type LiveProgress } from './live-progress.ts';
import { toRunInfo, type RunInfo } from './list.ts';
import { describeRun } from './describe.ts';
import { noWorkerText, workerAvailability, silentText } from '../../temporal/task-queue.ts';

/** How a run stands, or what came of it. */
export interface RunStatus {
  run: RunInfo;
  /** Of a run under way, when a worker answers. */
  progress: LiveProgress | null;
  summary: RunSummary | null;
  error: RowmillError | null;
  /** Of a run under way that no worker answers for. */
  lastKnown: LastKnown | null;
  /** Why nothing more is known of a run under way. */
  warning: string | null;
}

/** @throws RowmillError `run_not_found` */
export async function runStatus(client: Client, workflowId: string): Promise<RunStatus> {
  const description = await describeRun(client, workflowId);
  const run = toRunInfo(description.raw.workflowExecutionInfo);
  const status: RunStatus = {
    run,
    progress: null,
    summary: null,
    error: null,
    lastKnown: null,
    warning: null,
  };
  const handle = client.workflow.getHandle(workflowId, run.runId);
  if (run.status === 'RUNNING') {
    const { taskQueue } = description;
    const served = await workerAvailability(client, taskQueue);
    if (served !== 'no') status.progress = await liveProgress(handle);
    if (status.progress === null) {
      status.lastKnown = await lastKnown(handle);
      status.warning = served === 'yes' ? silentText(taskQueue) : noWorkerText(taskQueue);
    }
    return status;
  }
  try {
    // The workflow type returns a RunSummary.
    status.summary = (await handle.result()) as RunSummary;
    // Known better than by the search attribute, which a run that ended early may not have set.
    run.outcome = status.summary.outcome;
  } catch (error) {
    // Anything else is no end of the run.
    if (!(error instanceof WorkflowFailedError)) throw error;
    status.error = errorOfRun(error, workflowId);
  }
  return status;
}
