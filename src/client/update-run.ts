import {
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { errorOfRun } from './failure.ts';
import { UPDATE } from '../contract/names.ts';
import { RowmillError } from '../errors.ts';
import { hasWorker, noWorkerText } from './workers.ts';

/** A worker has to take it: with one there it is a matter of milliseconds. */
const WAIT_MS = 20_000;

/** Sends an update that needs a waiting run. @throws RowmillError `action_refused`, … */
export async function updateRun(
  client: Client,
  workflowId: string,
  taskQueue: string,
  update: (typeof UPDATE)[keyof typeof UPDATE],
): Promise<void> {
  const where = `run ${workflowId}`;
  if (!(await hasWorker(client, taskQueue))) {
    throw new RowmillError('action_refused', noWorkerText(taskQueue), { where });
  }
  try {
    await client.withDeadline(Date.now() + WAIT_MS, () =>
      client.workflow.getHandle(workflowId).executeUpdate(update),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw errorOfRun(error, workflowId);
    if (error instanceof WorkflowNotFoundError) {
      throw new RowmillError('action_refused', 'the run has ended', { where, cause: error });
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcServiceError(error)) {
      const what = `no worker took it within ${WAIT_MS / 1000} s`;
      throw new RowmillError('action_refused', what, { where, cause: error });
    }
    throw error;
  }
}

/** Approves the credits of a run that may not wait for it at all. */
export async function approveIfWaiting(
  client: Client,
  workflowId: string,
  taskQueue: string,
): Promise<void> {
  try {
    await updateRun(client, workflowId, taskQueue, UPDATE.approveSpend);
  } catch (error) {
    if (!(error instanceof RowmillError && error.code === 'action_refused')) throw error;
  }
}
