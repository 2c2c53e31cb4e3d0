import {
  ScheduleNotFoundError,
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
} from '@temporalio/client';
import { WORKFLOW_TYPE } from '../../contract/names.ts';
import { isSeen } from '../owned.ts';
import { RowmillError } from '../../errors.ts';

export interface FoundSchedule {
  handle: ScheduleHandle;
  description: ScheduleDescription;
}

/** The schedule of this name, whosever it is; `null` when there is none. */
export async function findSchedule(client: Client, name: string): Promise<FoundSchedule | null> {
  const handle = client.schedule.getHandle(name);
  try {
    return { handle, description: await handle.describe() };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/** Whether it starts runs of ours. */
export const isOurs = ({ action }: Pick<ScheduleDescription, 'action'>): boolean =>
  action.workflowType === WORKFLOW_TYPE;

/** @throws RowmillError `schedule_not_found`, also for a schedule of something else */
export async function requireSchedule(
  client: Client,
  name: string,
  owner?: string,
): Promise<FoundSchedule> {
  const found = await findSchedule(client, name);
  if (found !== null && isOurs(found.description) && isSeen(found.description.action, owner)) {
    return found;
  }
  throw new RowmillError('schedule_not_found', 'there is no such schedule', {
    where: `schedule ${name}`,
  });
}

/** Runs that wait until those before them have ended. The server does not report their times. */
export const waitingRuns = ({ description }: FoundSchedule): number =>
  Number(String(description.raw.info?.bufferSize ?? 0));
