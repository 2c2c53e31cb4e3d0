import type { WorkflowExecutionDescription } from '@temporalio/client';
import { RUN_FILE } from '../contract/names.ts';
import { RowmillError } from '../errors.ts';
import type { Folder, Store } from '../store/store.ts';
import { firstRunOf } from './find-run.ts';
import { toRunInfo } from './run-standing.ts';

type Described = Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'status' | 'raw'>;

/**
 * The folder of a run that has ended, or has its outcome and sends its webhooks, with its
 * results in it.
 * @throws RowmillError `action_refused` while the run is under way, `results_missing` when there
 *   are none in this store
 */
export async function endedRunFolder(store: Store, run: Described): Promise<Folder> {
  const { workflowId, status, raw } = run;
  const where = `run ${workflowId}`;
  if (status.name === 'RUNNING' && toRunInfo(raw.workflowExecutionInfo).outcome === null) {
    throw new RowmillError('action_refused', 'there are no results yet: the run is under way', {
      where,
      remedy: `Wait for it: rowmill watch ${workflowId}`,
    });
  }
  const folder = store.run({ workflowId, firstRunId: firstRunOf(run) });
  if (await folder.exists(RUN_FILE.results)) return folder;
  throw new RowmillError('results_missing', `no results of this run in ${store.location}`, {
    where,
    remedy: `It ended before a table was read (rowmill status ${workflowId}), or its worker uses another ROWMILL_STORE.`,
  });
}
