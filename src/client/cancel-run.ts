import type { Client } from '@temporalio/client';
import { RowmillError } from '../errors.ts';
import { describeRun } from './start-run.ts';

/**
 * Asks the run to stop; it publishes what is there and ends as `cancelled`.
 * @throws RowmillError `run_not_found`, `action_refused` when it has ended
 */
export async function cancelRun(client: Client, workflowId: string): Promise<void> {
  const { status, runId } = await describeRun(client, workflowId);
  if (status.name !== 'RUNNING') {
    const what = `the run has ended: ${status.name.toLowerCase()}`;
    throw new RowmillError('action_refused', what, { where: `run ${workflowId}` });
  }
  await client.workflow.getHandle(workflowId, runId).cancel();
}
