import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityPausedError,
  ActivityResetError,
  type Client,
} from '@temporalio/client';

/** Time after which an answer counts as lost, in ms. */
const TIMEOUT_MS = 5_000;

/**
 * Sends a heartbeat of an attempt and waits for its answer, which the SDK's own heartbeat does not
 * show. Returns false if the server has ended the attempt; rejects without an answer.
 *
 * @param details As in the SDK's heartbeat, whose details they replace
 */
export async function confirmAttempt(
  client: Client,
  taskToken: Uint8Array,
  details: unknown,
): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + TIMEOUT_MS, () =>
      client.activity.heartbeat(taskToken, details),
    );
    return true;
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return false;
    // The worker is asked to end the attempt; until it does, no other one starts.
    const isAsked = [ActivityCancelledError, ActivityPausedError, ActivityResetError].some(
      (kind) => error instanceof kind,
    );
    if (isAsked) return true;
    throw error;
  }
}
