import type { Client, ScheduleDescription } from '@temporalio/client';
import { RowmillError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import { describeRun } from '../runs/lookup/describe.ts';
import { requireSchedule, type FoundSchedule } from './describe.ts';
import {
  unfinishedIdempotentRun,
  findRunByKey,
  startRunByKey,
  type TriggeredRun,
} from './idempotent-run.ts';

export interface TriggerOptions {
  /** Idempotency key: the same key is the same run. @default each call starts a run */
  key?: string;
}

/**
 * Starts a run now, also of a paused schedule.
 * @throws RowmillError `action_refused` while another run of the schedule is in progress: both
 * would publish to the same path; `run_conflict` for a key whose id belongs to other work, or whose
 * run only the store has
 */
export async function triggerSchedule(
  client: Client,
  name: string,
  { key }: TriggerOptions = {},
  store: Store | null = null,
): Promise<TriggeredRun> {
  if (key?.trim() === '') throw new RowmillError('usage', 'the key is empty');
  const found = await requireSchedule(client, name);
  const running = await inProgress(client, found.description);
  if (key !== undefined) {
    // Checked last: the run in progress may be the one of this key, just started by another client.
    const workflowId = await findRunByKey(client, name, key, store);
    if (workflowId !== null) return { workflowId, attached: true };
  }
  if (running !== null) throw stillRuns(name, running);
  if (key !== undefined) return startRunByKey(client, found.description, key);
  return { workflowId: await startBySchedule(found), attached: false };
}

/** Checks the newest run, too: the schedule learns of starts and ends with a delay. */
async function inProgress(
  client: Client,
  description: ScheduleDescription,
): Promise<string | null> {
  const { scheduleId, info } = description;
  const keyed = await unfinishedIdempotentRun(client, scheduleId);
  if (keyed !== null) return keyed;
  const newest = info.recentActions.at(-1)?.action.workflow;
  if (newest === undefined) return null;
  const { workflowId, firstExecutionRunId } = newest;
  const run = await describeRun(client, workflowId, firstExecutionRunId).catch(() => null);
  return run?.status.name === 'RUNNING' ? workflowId : null;
}

/** Triggers the schedule and waits for its run, whose id the server does not return. */
async function startBySchedule({ handle, description }: FoundSchedule): Promise<string> {
  const { scheduleId: name, info: before } = description;
  await handle.trigger('SKIP');
  const deadline = Date.now() + STARTS_WITHIN_MS;
  do {
    const { info } = await handle.describe();
    const newest = info.recentActions.at(-1)?.action.workflow.workflowId ?? name;
    if (info.numActionsTaken > before.numActionsTaken) return newest;
    if (info.numActionsSkippedOverlap > before.numActionsSkippedOverlap) {
      throw stillRuns(name, newest);
    }
    await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS));
  } while (Date.now() < deadline);
  throw new RowmillError('action_refused', 'the server has not started the run so far', {
    where: `schedule ${name}`,
    remedy: `See \`rowmill schedule describe ${name}\`: it may start yet.`,
  });
}

const stillRuns = (name: string, workflowId: string): RowmillError =>
  new RowmillError('action_refused', `its run ${workflowId} is in progress`, {
    where: `schedule ${name}`,
    remedy: `Wait for it (rowmill watch ${workflowId}), or cancel it first.`,
  });

const STARTS_WITHIN_MS = 30_000;
const CHECK_EVERY_MS = 100;
