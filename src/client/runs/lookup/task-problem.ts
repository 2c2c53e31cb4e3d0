import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { readFailureMessage } from '../../../temporal/data-converter.ts';

/** Events read from the end of the history: a failed task is written once, and then repeated. */
const EVENTS = 5;

/**
 * Returns why workers cannot continue a run, such as a payload key that they lack. Returns `null` if
 * they can, or the server does not answer.
 */
export async function taskProblem(
  client: Client,
  { workflowId, runId, raw }: WorkflowExecutionDescription,
): Promise<string | null> {
  if ((raw.pendingWorkflowTask?.attempt ?? 0) <= 1) return null;
  try {
    const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: EVENTS,
    });
    const failures = (history?.events ?? []).flatMap(
      ({ workflowTaskFailedEventAttributes: failed }) => failed?.failure ?? [],
    );
    return await readFailureMessage(client, failures[0]);
  } catch {
    return null;
  }
}
