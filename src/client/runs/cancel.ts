import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { SIGNAL } from '../../contract/names.ts';
import type { CancelRequest } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import { describeRun, firstRunOf } from './lookup/describe.ts';
import { toRunInfo } from './lookup/list.ts';

/**
 * Asks the run to stop. It publishes its answers and ends as `cancelled`.
 * @throws RowmillError `run_not_found`, `action_refused` when it has ended
 */
export async function cancelRun(
  client: Client,
  workflowId: string,
  { by }: CancelRequest = {},
): Promise<void> {
  const run = await describeRun(client, workflowId);
  const { status } = run;
  const { outcome } = toRunInfo(run.raw.workflowExecutionInfo);
  const where = `run ${workflowId}`;
  if (status.name !== 'RUNNING') {
    const what = `the run has ended: ${status.name.toLowerCase()}`;
    throw new RowmillError('action_refused', what, { where });
  }
  if (outcome !== null) {
    const what = `the run is ${outcome}, and only sends its webhooks`;
    throw new RowmillError('action_refused', what, {
      where,
      remedy: 'Nothing: it ends by itself.',
    });
  }
  // Without the first run id, the server would accept the cancel for an earlier execution and do
  // nothing.
  const firstExecutionRunId = firstRunOf(run);
  try {
    const handle = client.workflow.getHandle(workflowId, undefined, { firstExecutionRunId });
    if (by !== undefined) await handle.signal(SIGNAL.cancelRequest, { by });
    await handle.cancel();
  } catch (cause) {
    if (!(cause instanceof WorkflowNotFoundError)) throw cause;
    throw new RowmillError('action_refused', 'the run has ended', { where, cause });
  }
}
