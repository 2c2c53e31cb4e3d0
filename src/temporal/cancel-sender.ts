import type { Client } from '@temporalio/client';

const TIMEOUT_MS = 3_000;

/** Events read from the end of the history, where the cancel request is. */
const EVENTS = 100;

/** Identity that an SDK sends by default: a process, not a sender. */
const PROCESS = /^\d+@/;

/**
 * Returns the identity in the newest cancel request of a run, such as `webui` of the Temporal UI.
 * `null` if the request has none, or the server does not answer.
 */
export async function cancelSender(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<string | null> {
  try {
    const { history } = await client.withDeadline(Date.now() + TIMEOUT_MS, () =>
      client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: EVENTS,
      }),
    );
    for (const event of history?.events ?? []) {
      const request = event.workflowExecutionCancelRequestedEventAttributes;
      if (request === null || request === undefined) continue;
      const identity = request.identity?.trim() ?? '';
      return identity === '' || PROCESS.test(identity) ? null : identity;
    }
    return null;
  } catch {
    return null;
  }
}
