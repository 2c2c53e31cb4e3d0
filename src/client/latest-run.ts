import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { WORKFLOW_TYPE } from '../contract/names.ts';
import type { Store } from '../store/store.ts';
import { invalidArgument } from './grpc-status.ts';
import { quoted } from './list-runs.ts';
import { findRun } from './find-run.ts';
import { newestStored, type StoredRun } from './stored-run.ts';

/** The newest of a run and its reruns: what is there now is what it left. */
export interface LatestRun {
  workflowId: string;
  /** `null`: Temporal does not know it (any more). */
  description: WorkflowExecutionDescription | null;
  isRunning: boolean;
  /** Of the rerun that would be next. */
  nextId: string;
}

const RERUN = /-rerun-(\d+)$/;

/**
 * Looked up beyond the last one that is listed: the server's list lags a moment behind, and the store
 * does not list an id that is no plain name.
 */
const LIST_LAG_MARGIN = 3;

/** What is known of one of them; both `null`: nothing any more. */
interface RunLookup {
  workflowId: string;
  description: WorkflowExecutionDescription | null;
  stored: StoredRun | null;
}

/**
 * By Temporal's record as far as it goes back, else by the store. A number that either of them knows
 * is not given again: the first reruns may have expired while the newest is under way.
 */
export async function latestRun(
  client: Client,
  workflowId: string,
  store: Store | null,
): Promise<LatestRun> {
  const root = workflowId.replace(RERUN, '');
  const traces = [await lookUpRun(client, store, root)];
  let last = Math.max(await lastListed(client, root), await lastStored(store, root));
  for (let number = 1; number <= last + LIST_LAG_MARGIN; number += 1) {
    const trace = await lookUpRun(client, store, `${root}-rerun-${number}`);
    if (trace.description === null && trace.stored === null) continue;
    traces.push(trace);
    last = Math.max(last, number);
  }
  const { workflowId: newest, description } = newestOf(traces);
  const isRunning = description?.status.name === 'RUNNING';
  return { workflowId: newest, description, isRunning, nextId: `${root}-rerun-${last + 1}` };
}

/** The run itself may have been started again after its reruns: then it is the newest. */
function newestOf(traces: RunLookup[]): RunLookup {
  const remembered = traces.filter(({ description }) => description !== null);
  const among = remembered.length > 0 ? remembered : traces;
  return among.reduce((newest, trace) => {
    const started = startOf(trace);
    return started !== '' && started < startOf(newest) ? newest : trace;
  });
}

/** ISO time; empty where there is no word of it. */
const startOf = ({ description, stored }: RunLookup): string =>
  description?.startTime.toISOString() ?? stored?.startedAt ?? '';

async function lookUpRun(
  client: Client,
  store: Store | null,
  workflowId: string,
): Promise<RunLookup> {
  const description = await findRun(client, workflowId);
  const isForgotten = description === null && store !== null;
  const stored = isForgotten ? await newestStored(store, workflowId) : null;
  return { workflowId, description, stored };
}

/** The highest number of a rerun in Temporal's list, which lags a moment behind; 0: there is none. */
async function lastListed(client: Client, root: string): Promise<number> {
  const prefix = `${root}-rerun-`;
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND WorkflowId STARTS_WITH ${quoted(prefix)}`;
  let last = 0;
  try {
    for await (const { workflowId } of client.workflow.list({ query })) {
      last = Math.max(last, numberOf(workflowId, root));
    }
  } catch (error) {
    // An id that no run can have.
    if (invalidArgument(error) === null) throw error;
  }
  return last;
}

/** The same in the store, however many before it ended without leaving anything there. */
async function lastStored(store: Store | null, root: string): Promise<number> {
  const ids = (await store?.workflowIds(`${root}-rerun-`)) ?? [];
  return Math.max(0, ...ids.map((workflowId) => numberOf(workflowId, root)));
}

/** Of a rerun of that run; 0 of anything else. */
const numberOf = (workflowId: string, root: string): number =>
  workflowId.replace(RERUN, '') === root ? Number(RERUN.exec(workflowId)?.[1] ?? 0) : 0;
