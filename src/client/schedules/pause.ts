import type { Client } from '@temporalio/client';
import { RowmillError } from '../../errors.ts';
import { requireSchedule, waitingRuns } from './describe.ts';

/** No run starts by itself until it is resumed; runs under way go on. */
export const pauseSchedule = (client: Client, name: string, note?: string): Promise<void> =>
  // An empty note would be no pause for the server.
  setPaused(client, name, true, note || `paused at ${new Date().toISOString()}`);

/** Runs start by themselves again, at the next time; those of the pause are not made up for. */
export const resumeSchedule = (client: Client, name: string, note?: string): Promise<void> =>
  setPaused(client, name, false, note || `resumed at ${new Date().toISOString()}`);

export interface DeletedSchedule {
  name: string;
  /** Runs that waited to start, behind one under way: they went with it. */
  droppedRuns: number;
}

/** Takes the schedule away, with the runs that wait to start; those under way go on, results stay. */
export async function deleteSchedule(client: Client, name: string): Promise<DeletedSchedule> {
  const found = await requireSchedule(client, name);
  await found.handle.delete();
  return { name, droppedRuns: waitingRuns(found) };
}

const TRIES = 10;

/**
 * While busy, Temporal's scheduler silently drops all but the last patch. The schedule is read again to verify
 * that this one was applied.
 */
async function setPaused(
  client: Client,
  name: string,
  paused: boolean,
  note: string,
): Promise<void> {
  const { handle } = await requireSchedule(client, name);
  for (let tries = 0; tries < TRIES; tries += 1) {
    await (paused ? handle.pause(note) : handle.unpause(note));
    const { state } = (await requireSchedule(client, name)).description;
    if (state.paused === paused && state.note === note) return;
  }
  throw new RowmillError('action_refused', 'others change the schedule all the time', {
    where: `schedule ${name}`,
    remedy: `See how it stands, and ask again: rowmill schedule describe ${name}`,
  });
}
