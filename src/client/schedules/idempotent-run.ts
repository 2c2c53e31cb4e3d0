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
import { findRun } from '../runs/lookup/describe.ts';
import { rejectExpiredRun } from '../runs/files/stored.ts';

export interface TriggeredRun {
  workflowId: string;
  /** True if a run with the key existed: in progress, or ended without a failure. */
  attached: boolean;
}

/**
 * Id of a run started with a key. Temporal creates the ids of a schedule's own runs, so a repeated
 * trigger would start two. A run with a key is started beside the schedule under an id made of the
 * key, which Temporal accepts once.
 */
const idOf = (name: string, key: string): string => `${name}${ID_MARK}${safeName(key)}`;

/** Character that no pipeline name contains. */
const ID_MARK = ':';

/** Marks a run started with a key; another run could merely have its id. */
const requestOf = (name: string): string => `trigger of schedule ${name}`;

/** Temporal statuses after which the key starts the run again. */
const FAILED: readonly string[] = ['FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

/**
 * Finds the run of this key; `null` without one.
 * @throws RowmillError `run_conflict`, also when only the store has the run
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

/**
 * Starts the run that the schedule would start. Of concurrent calls with one key, one starts it.
 */
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

/** Lists runs started with a key, newest first. The list lags. */
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

/** Finds the newest unfinished run started with a key; `null` without one. */
export async function unfinishedIdempotentRun(
  client: Client,
  name: string,
): Promise<string | null> {
  const only = " AND ExecutionStatus = 'Running'";
  const [run] = await idempotentRuns(client, name, { max: 1, only });
  return run?.workflowId ?? null;
}
