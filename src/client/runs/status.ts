import { WorkflowFailedError, type Client } from '@temporalio/client';
import type { RunSummary } from '../../contract/run.ts';
import type { RowmillError } from '../../errors.ts';
import { noWorkerText, workerAvailability, silentText } from '../../temporal/task-queue.ts';
import { replacedFiles, type ReplacedFile } from './files/replaced-files.ts';
import { describeRun, firstRunOf } from './lookup/describe.ts';
import { errorOfRun } from './lookup/errors.ts';
import { toRunInfo, type RunInfo } from './lookup/list.ts';
import {
  lastKnown,
  liveProgress,
  type LastKnown,
  type LiveProgress,
} from './lookup/live-progress.ts';
import { taskProblem } from './lookup/task-problem.ts';
import { runsInProgress } from './lookup/in-progress.ts';

/** Current state of a run, or its result. */
export interface RunStatus {
  run: RunInfo;
  /** Progress of a run in progress; `null` if no worker answers. */
  progress: LiveProgress | null;
  summary: RunSummary | null;
  error: RowmillError | null;
  /** Last heartbeat of a run in progress for which no worker answers. */
  lastKnown: LastKnown | null;
  /** Published files of an ended run that another run has replaced since, as far as they can be read here. */
  replaced: ReplacedFile[];
  /** Reason why no newer state of a run in progress is available. */
  warning: string | null;
}

/** Reads the state of a run. @throws RowmillError `run_not_found` */
export async function runStatus(client: Client, workflowId: string): Promise<RunStatus> {
  const description = await describeRun(client, workflowId);
  const run = toRunInfo(description.raw.workflowExecutionInfo);
  const status: RunStatus = {
    run,
    progress: null,
    summary: null,
    error: null,
    lastKnown: null,
    replaced: [],
    warning: null,
  };
  const handle = client.workflow.getHandle(workflowId, run.runId);
  if (run.status === 'RUNNING') {
    const { taskQueue } = description;
    const served = await workerAvailability(client, taskQueue);
    // A worker that cannot go on with a run answers no query about it either.
    const stuck = served === 'no' ? null : await taskProblem(client, description);
    if (served !== 'no' && stuck === null) status.progress = await liveProgress(handle);
    if (status.progress !== null) await dropEndedRuns(client, status.progress);
    if (status.progress === null) {
      status.lastKnown = await lastKnown(handle);
      const silent = served === 'yes' ? silentText(taskQueue) : noWorkerText(taskQueue);
      status.warning = stuck ?? silent;
    }
    return status;
  }
  try {
    // Safe cast: the workflow type returns a RunSummary.
    status.summary = (await handle.result()) as RunSummary;
    // Takes precedence over the search attribute, which a run that ended early may not have set.
    run.outcome = status.summary.outcome;
    const key = { workflowId, firstRunId: firstRunOf(description) };
    status.replaced = await replacedFiles(key, status.summary.results);
  } catch (error) {
    // Any other error is not the end of the run.
    if (!(error instanceof WorkflowFailedError)) throw error;
    status.error = errorOfRun(error, workflowId);
  }
  return status;
}

/** Runs at the same target are those of when this run began: those that have ended are left out. */
async function dropEndedRuns(client: Client, progress: LiveProgress): Promise<void> {
  const { sameTarget = [] } = progress;
  if (sameTarget.length === 0) return;
  const others = await runsInProgress(client, sameTarget);
  if (others.length > 0) progress.sameTarget = others;
  else delete progress.sameTarget;
}
