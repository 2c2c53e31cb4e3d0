import type { Client, ScheduleDescription } from '@temporalio/client';
import { RowmillError } from '../../errors.ts';
import { describeRun } from '../start-run.ts';
import { requireSchedule } from './find.ts';

/** No run starts by itself until it is resumed; runs under way go on. */
export async function pauseSchedule(client: Client, name: string, note?: string): Promise<void> {
  const { handle } = await requireSchedule(client, name);
  await handle.pause(note ?? `paused at ${new Date().toISOString()}`);
}

/** Runs start by themselves again, at the next time; those of the pause are not made up for. */
export async function resumeSchedule(client: Client, name: string, note?: string): Promise<void> {
  const { handle } = await requireSchedule(client, name);
  await handle.unpause(note ?? `resumed at ${new Date().toISOString()}`);
}

/** Takes the schedule away; runs under way go on, results stay. */
export async function deleteSchedule(client: Client, name: string): Promise<void> {
  const { handle } = await requireSchedule(client, name);
  await handle.delete();
}

/**
 * Starts a run now, also of a paused schedule.
 * @returns Its workflow id.
 * @throws RowmillError `action_refused` while a run of the schedule is under way: both would write
 *   the same results
 */
export async function triggerSchedule(client: Client, name: string): Promise<string> {
  const { handle, description } = await requireSchedule(client, name);
  const running = await underWay(client, description);
  if (running !== null) throw stillRuns(name, running);
  const before = description.info;
  await handle.trigger('SKIP');
  const deadline = Date.now() + STARTS_WITHIN_MS;
  do {
    const { info } = await handle.describe();
    const newest = info.recentActions.at(-1)?.action.workflow.workflowId ?? name;
    if (info.numActionsTaken > before.numActionsTaken) return newest;
    if (info.numActionsSkippedOverlap > before.numActionsSkippedOverlap) {
      throw stillRuns(name, newest);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  } while (Date.now() < deadline);
  throw new RowmillError('action_refused', 'the server has not started the run so far', {
    where: `schedule ${name}`,
    remedy: `See \`rowmill schedule describe ${name}\`: it may start yet.`,
  });
}

/** The schedule hears of starts and ends with a delay: the newest run itself is asked, too. */
async function underWay(client: Client, { info }: ScheduleDescription): Promise<string | null> {
  const newest = info.recentActions.at(-1)?.action.workflow;
  if (newest === undefined) return null;
  const { workflowId, firstExecutionRunId } = newest;
  const run = await describeRun(client, workflowId, firstExecutionRunId).catch(() => null);
  return run?.status.name === 'RUNNING' ? workflowId : null;
}

const stillRuns = (name: string, workflowId: string): RowmillError =>
  new RowmillError('action_refused', `its run ${workflowId} is under way`, {
    where: `schedule ${name}`,
    remedy: `Wait for it (rowmill watch ${workflowId}), or cancel it first.`,
  });

const STARTS_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;
