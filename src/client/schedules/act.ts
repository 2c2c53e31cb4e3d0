import type { Client } from '@temporalio/client';
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
