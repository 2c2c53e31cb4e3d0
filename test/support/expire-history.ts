import type { Client } from '@temporalio/client';
import { eventually } from './eventually.ts';

/** Deletes the histories, as the end of the namespace's retention does. */
export async function expireHistory(client: Client, ...workflowIds: string[]): Promise<void> {
  const { namespace } = client.options;
  for (const workflowId of workflowIds) {
    const request = { namespace, workflowExecution: { workflowId } };
    await client.workflowService.deleteWorkflowExecution(request);
  }
  for (const workflowId of workflowIds) {
    const handle = client.workflow.getHandle(workflowId);
    await eventually(`${workflowId} has expired`, () =>
      handle.describe().then(
        () => false,
        () => true,
      ),
    );
  }
}
