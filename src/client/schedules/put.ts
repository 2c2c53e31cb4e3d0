import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { hasStatus } from '../grpc-status.ts';
import { schedulesSeenAs, type Seen } from '../sdk-workarounds.ts';
import type { SchedulePlan } from './plan.ts';

/**
 * Asks the server to put the plan in the place of what is there. It replaces the whole, a pause
 * among it, so it leaves the schedule alone where that has changed since it was looked at. Which of
 * the two it did the server may not say: look again.
 * @param judge Throws where what is there must not be replaced.
 */
export async function updateSchedule(
  client: Client,
  plan: SchedulePlan,
  judge: (found: ScheduleDescription) => void,
): Promise<void> {
  const seen: Seen = { token: null };
  const handle = schedulesSeenAs(client, seen).getHandle(plan.scheduleId);
  try {
    await handle.update((found) => {
      judge(found);
      seen.token = found.raw.conflictToken;
      return { ...plan, state: found.state };
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Deleted since, or changed, where the server does say it. */
const isGone = (error: unknown): boolean =>
  error instanceof ScheduleNotFoundError || hasStatus(error, 'FAILED_PRECONDITION');
