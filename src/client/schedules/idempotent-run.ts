import {
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type ScheduleDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { MEMO_REQUEST, WORKFLOW_TYPE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import { safeName } from '../../store/safe-name.ts';
import type { Store } from '../../store/store.ts';
import { findRun } from '../runs/describe.ts';
import { rejectExpiredRun } from '../runs/stored.ts';

export interface TriggeredRun {
  workflowId: string;
  /** It was there already, by the same key: under way, or ended without having failed. */
  attached: boolean;
}

/**
 * Runs of a schedule that were asked for by a key. A schedule makes up the ids of its own runs, so a
 * trigger that is sent twice starts two; these are started beside it, with what it would start, under
 * an id made of the key: Temporal lets one run have it.
 */
const idOf = (name: string, key: string): string => `${name}${ID_MARK}${safeName(key)}`;

/** No name of a pipeline has it. */
const ID_MARK = ':';

/** Tells such a run from one that merely has its id. */
const requestOf = (name: string): string => `trigger of schedule ${name}`;

/** Temporal's words for a run whose key starts it again. */
const FAILED: readonly string[] = ['FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

/**
 * The run that has this key, `null` when there is none.
 * @throws RowmillError `run_conflict`, also when only the store remembers it
 */
export async function findRunByKey(
  client: Client,
  name: string,
  key: string,
  store: Store | null,
): Promise<string | null> {
  const workflowId = idOf(name, key);
  const run = await findRun(client, workflowId);
  if (run === null) {
    if (store !== null) await rejectExpiredRun(store, workflowId, true);
    return null;
  }
  if (run.memo?.[MEMO_REQUEST] !== requestOf(name)) {
    throw new RowmillError('run_conflict', 'a run that is none of the schedule has its id', {
      where: `run ${workflowId}`,
      remedy: 'Use another key.',
    });
  }
  return FAILED.includes(run.status.name) ? null : workflowId;
}

/** Starts what the schedule would start; of many at the same moment one starts it. */
export async function startRunByKey(
  client: Client,
  { scheduleId: name, action }: ScheduleDescription,
  key: string,
): Promise<TriggeredRun> {
  const { type: _, workflowType, memo, ...options } = action;
  const workflowId = idOf(name, key);
  try {
    await client.workflow.start(workflowType, {
      ...options,
      workflowId,
      args: options.args ?? [],
      memo: { ...memo, [MEMO_REQUEST]: requestOf(name) },
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    });
    return { workflowId, attached: false };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      return { workflowId, attached: true };
    throw error;
  }
}

/** Newest first. The list lags a moment behind. */
export async function idempotentRuns(
  client: Client,
  name: string,
  { max, only = '' }: { max: number; only?: string },
): Promise<WorkflowExecutionInfo[]> {
  const runs: WorkflowExecutionInfo[] = [];
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND WorkflowId STARTS_WITH '${name}${ID_MARK}'${only}`;
  for await (const run of client.workflow.list({ query, pageSize: max })) {
    runs.push(run);
    if (runs.length === max) break;
  }
  return runs;
}

/** The newest one that is under way; `null` when there is none. */
export async function unfinishedIdempotentRun(
  client: Client,
  name: string,
): Promise<string | null> {
  const only = " AND ExecutionStatus = 'Running'";
  const [run] = await idempotentRuns(client, name, { max: 1, only });
  return run?.workflowId ?? null;
}
