import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { WORKFLOW_TYPE } from '../../../contract/names.ts';
import { RowmillError } from '../../../errors.ts';
import { invalidArgument } from '../../../temporal/grpc-errors.ts';

/** Finds the run of this id; `null` when there is none. */
export const findRun = (
  client: Client,
  workflowId: string,
): Promise<WorkflowExecutionDescription | null> =>
  describeRun(client, workflowId).catch((error: unknown) => {
    if (error instanceof RowmillError && error.code === 'run_not_found') return null;
    throw error;
  });

/**
 * Describes the run of this id. @throws RowmillError `run_not_found`, also for a workflow of
 * another type
 */
export async function describeRun(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription> {
  let cause: unknown;
  try {
    const found = await client.workflow.getHandle(workflowId, runId).describe();
    if (found.type === WORKFLOW_TYPE) return found;
  } catch (error) {
    // The id may be empty or longer than the server allows.
    const isImpossible = invalidArgument(error) !== null;
    if (!(error instanceof WorkflowNotFoundError) && !isImpossible) throw error;
    cause = error;
  }
  throw noSuchRun(workflowId, cause);
}

export const noSuchRun = (workflowId: string, cause?: unknown): RowmillError =>
  new RowmillError('run_not_found', 'there is no such run', { where: `run ${workflowId}`, cause });

/** Returns the run id of the first execution in the chain, which names its folder and its table. */
export const firstRunOf = ({
  runId,
  raw,
}: Pick<WorkflowExecutionDescription, 'runId' | 'raw'>): string =>
  raw.workflowExecutionInfo?.firstRunId || runId;
