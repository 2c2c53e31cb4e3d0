import type { Store } from '../store/store.ts';
import { RowmillError } from '../errors.ts';
import { newestStored } from './stored-run.ts';

/**
 * The store remembers longer than Temporal, whose retention ends: an id under which work was done is
 * not given to a new run, which would pay for it again. A failed one may start again, and so may a
 * cancelled one, unless the id is a key.
 * @throws RowmillError `run_conflict`
 */
export async function rejectExpiredRun(
  store: Store,
  workflowId: string,
  isKey: boolean,
): Promise<void> {
  const outcome = (await newestStored(store, workflowId))?.outcome ?? null;
  if (outcome === null || outcome === 'failed') return;
  // A key stays cancelled.
  if (outcome === 'cancelled' && !isKey) return;
  const another = isKey ? 'Another key' : 'Another --id, or --new,';
  throw new RowmillError(
    'run_conflict',
    `it ended (${outcome}), and has expired in Temporal; a new run of this ${isKey ? 'key' : 'id'} would pay again`,
    {
      where: `run ${workflowId}`,
      remedy: `Its results are in the store: rowmill results ${workflowId}. ${another} starts a new run.`,
    },
  );
}
