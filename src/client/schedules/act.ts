import type { Client } from '@temporalio/client';
import { RowmillError } from '../../errors.ts';
import { requireSchedule } from './find.ts';

/** No run starts by itself until it is resumed; runs under way go on. */
export const pauseSchedule = (client: Client, name: string, note?: string): Promise<void> =>
  hold(client, name, true, note ?? `paused at ${new Date().toISOString()}`);

/** Runs start by themselves again, at the next time; those of the pause are not made up for. */
export const resumeSchedule = (client: Client, name: string, note?: string): Promise<void> =>
  hold(client, name, false, note ?? `resumed at ${new Date().toISOString()}`);

/** Takes the schedule away; runs under way go on, results stay. */
export async function deleteSchedule(client: Client, name: string): Promise<void> {
  const { handle } = await requireSchedule(client, name);
  await handle.delete();
}

const TRIES = 10;

/**
 * Of the wishes that come while it is busy, Temporal's scheduler keeps the last one only, and nobody
 * is told: it is looked whether this one came through.
 */
async function hold(client: Client, name: string, paused: boolean, note: string): Promise<void> {
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
