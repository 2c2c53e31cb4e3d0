import type { Client } from '@temporalio/client';
import { RowmillError } from '../../errors.ts';
import { requireSchedule, waitingRuns } from './describe.ts';

/** Pauses the schedule: no run starts until it is resumed; runs in progress continue. */
export const pauseSchedule = (client: Client, name: string, note?: string): Promise<void> =>
  // The server ignores a pause with an empty note.
  setPaused(client, name, true, note || `paused at ${new Date().toISOString()}`);

/** Resumes the schedule at its next time; runs missed during the pause are not started. */
export const resumeSchedule = (client: Client, name: string, note?: string): Promise<void> =>
  setPaused(client, name, false, note || `resumed at ${new Date().toISOString()}`);

export interface DeletedSchedule {
  name: string;
  /** Number of waiting runs that were deleted with the schedule. */
  droppedRuns: number;
}

/** Deletes the schedule with its waiting runs. Runs in progress continue, and results remain. */
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
