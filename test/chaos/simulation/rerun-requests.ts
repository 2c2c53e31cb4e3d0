import type { Client } from '@temporalio/client';
import { rerunRun } from '../../../src/client/runs/rerun.ts';
import { RowmillError } from '../../../src/errors.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Rerun } from './script.ts';
import type { Cluster } from './temporal/cluster.ts';

export interface RerunRequestOptions {
  client: Client;
  cluster: Cluster;
  workflowId: string;
  taskQueue: string;
  store: Store;
  approved: boolean;
}

/** Answers that only a run without a table may get. */
export const NOTHING_TO_GO_ON_WITH = [
  'refused: it ended before it had a table',
  'refused: neither Temporal nor the store knows it',
];

/** Times of the requests, after the end of the run before. */
export const rerunRequestsOf = ({ afterMs, alsoAfterMs }: Rerun): number[] =>
  alsoAfterMs === null ? [afterMs] : [afterMs, afterMs + alsoAfterMs];

const REFUSALS = ['action_refused', 'run_not_found'];

/** `rowmill rerun RUN`: reruns a run that has ended, or asks one in progress for one more pass. */
export async function requestRerun(options: RerunRequestOptions): Promise<string> {
  const { client, cluster, workflowId, taskQueue, store, approved } = options;
  try {
    const place = { taskQueue, searchAttributes: true, store };
    const started = await rerunRun(client, workflowId, { ...place, approved });
    return `${started.attached ? 'attached to' : 'started'} ${started.workflowId}`;
  } catch (error) {
    if (!(error instanceof RowmillError) || !REFUSALS.includes(error.code)) throw error;
    if (error.what === 'the run is in progress') cluster.newest.update('rerunFailed');
    return `refused: ${error.what}`;
  }
}
