import { Rowmill } from '../../client/rowmill.ts';
import type { StoredResults } from '../../client/runs/files/stored.ts';
import { RowmillError } from '../../errors.ts';
import type { Cli } from '../io/context.ts';
import { type HereFlags, withRuns } from './runs-session.ts';

/**
 * Finds results on the server, and in the store if the run has expired there or its embedded server
 * is gone.
 */
export async function findStored(
  cli: Cli,
  workflowId: string,
  flags: HereFlags,
): Promise<StoredResults> {
  try {
    return await withRuns(cli, flags, async ({ rowmill }) =>
      (await rowmill.attach(workflowId)).storedResults(),
    );
  } catch (error) {
    if (!isExpired(error)) throw error;
    const kept = await Rowmill.storedResults(workflowId, { env: cli.env });
    if (kept === null) throw error;
    cli.log(`Out of the store alone (${kept.store.location}): ${error.what}`);
    return kept;
  }
}

/** Checks whether an error means that only the store has the run. */
const isExpired = (error: unknown): error is RowmillError =>
  error instanceof RowmillError &&
  (error.code === 'temporal_unreachable' || error.code === 'run_not_found');
