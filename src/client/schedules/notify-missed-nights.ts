import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import {
  MISSED_NIGHT_WORKFLOW_TYPE,
  missedNightId,
  type MissedNightInput,
} from '../../contract/missed-night.ts';
import { WORKFLOW_TYPE } from '../../contract/names.ts';
import type { NotifyTarget } from '../../contract/notify.ts';
import type { Store } from '../../store/store.ts';
import { findSchedule, startsRuns, type FoundSchedule } from './describe.ts';
import { noticedOf, noticeMissedNights, recordNoticed } from './missed-nights.ts';
import { scheduledPipeline } from './scheduled-times.ts';

export interface MissedNightsOptions {
  taskQueue: string;
  /** Epoch ms. @default now */
  nowMs?: number;
  /** Time after which a run that no worker has begun with is late. @default 30 min */
  lateMs?: number;
}

/**
 * Finds nights of the schedules of a task queue that have no run, or whose run waited long for a
 * worker. Records them in the store. Starts one workflow for each night, which notifies its receivers
 * once.
 *
 * @returns ids of the workflows that were started
 */
export async function notifyMissedNights(
  client: Client,
  store: Store,
  { taskQueue, ...options }: MissedNightsOptions,
): Promise<string[]> {
  const started: string[] = [];
  for await (const { scheduleId, action } of client.schedule.list()) {
    if (action !== undefined && action.workflowType !== WORKFLOW_TYPE) continue;
    const found = await findSchedule(client, scheduleId);
    if (found === null || !startsRuns(found.description)) continue;
    if (found.description.action.taskQueue !== taskQueue) continue;
    const before = await noticedOf(store, found);
    const { nights, untilMs } = await noticeMissedNights(client, store, found, {
      ...options,
      fromMs: before.untilMs,
    });
    const targets = targetsOf(found);
    for (const { night, run } of targets.length === 0 ? [] : nights) {
      const workflowId = missedNightId(scheduleId, night.dueAt);
      const input = { night, run, targets };
      if (await startOnce(client, workflowId, taskQueue, input)) started.push(workflowId);
    }
    if (untilMs === null) continue;
    await recordNoticed(store, found, before, {
      untilMs,
      nights: nights.map(({ night }) => night),
    });
  }
  return started;
}

const targetsOf = (found: FoundSchedule): NotifyTarget[] =>
  (scheduledPipeline(found).notify ?? []).filter(({ on }) => on.includes('missed-night'));

/** Starts the workflow of a night; `false`: there is, or was, one. */
async function startOnce(
  client: Client,
  workflowId: string,
  taskQueue: string,
  input: MissedNightInput,
): Promise<boolean> {
  try {
    await client.workflow.start(MISSED_NIGHT_WORKFLOW_TYPE, {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `Missed night of ${input.night.schedule}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
