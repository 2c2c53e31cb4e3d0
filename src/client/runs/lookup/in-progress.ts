import type { Client } from '@temporalio/client';
import { findRun } from './describe.ts';

const TIMEOUT_MS = 3_000;

/**
 * Asks the server whether a run that registered a target is in progress. If the server does not
 * know the run or does not answer, the registration counts.
 */
export async function isInProgress(client: Client, workflowId: string): Promise<boolean> {
  try {
    const run = await client.withDeadline(Date.now() + TIMEOUT_MS, () =>
      findRun(client, workflowId),
    );
    return run === null || run.status.name === 'RUNNING';
  } catch {
    return true;
  }
}

/** Runs of a list that are in progress. */
export async function runsInProgress(client: Client, ids: readonly string[]): Promise<string[]> {
  const live = await Promise.all(ids.map((id) => isInProgress(client, id)));
  return ids.filter((_, at) => live[at]);
}
