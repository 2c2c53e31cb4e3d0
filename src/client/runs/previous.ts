import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { RUN_FILE, WORKFLOW_TYPE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { PreviousRunRef, EnrichTableInput, RunSummary } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import type { RunKey, Store } from '../../store/store.ts';
import { readPayload } from '../../temporal/data-converter.ts';
import { hasStatus, invalidArgument } from '../../temporal/grpc-errors.ts';
import { pipelineIn } from './files/run-pipeline.ts';
import { newestStored, type StoredRun } from './files/stored.ts';
import { firstRunOf, findRun } from './lookup/describe.ts';
import { quoted } from './lookup/list.ts';

/** Ended run with its input and results. */
export interface EndedRun {
  key: RunKey;
  pipeline: Pipeline;
  /** Table id; `null` if unknown here: the worker finds it by the manifest or by its tag. */
  tableId: string | null;
  /** Run that this one continued; it may have ended before it did anything. */
  previousRun: PreviousRunRef | null;
}

/**
 * Reads a run that has ended, from Temporal or, if expired there, from the store.
 * @throws RowmillError `action_refused` if there was never a table, `run_not_found`
 */
export async function endedRun(
  client: Client,
  workflowId: string,
  known: WorkflowExecutionDescription | null,
  store: Store | null,
): Promise<EndedRun> {
  if (known === null) return fromStore(workflowId, store);
  try {
    return await fromTemporal(client, known, store);
  } catch (error) {
    // The run expired after it was described.
    if (isUnknown(error)) return fromStore(workflowId, store);
    throw error;
  }
}

/** Reads the history through the raw service, whose errors the client does not wrap. */
const isUnknown = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || hasStatus(error, 'NOT_FOUND');

async function fromStore(workflowId: string, store: Store | null): Promise<EndedRun> {
  const kept = store === null ? null : await newestStored(store, workflowId);
  if (store !== null && kept !== null) {
    const prepared = await store.run(kept.key).exists(RUN_FILE.rows);
    if (!prepared && kept.previousRun === null) throw nothingToContinue(workflowId);
    return { ...kept, tableId: kept.previousRun?.tableId ?? null };
  }
  throw new RowmillError('run_not_found', 'neither Temporal nor the store knows it', {
    where: `run ${workflowId}`,
    remedy: 'See `rowmill list`; check TEMPORAL_ADDRESS, the namespace and ROWMILL_STORE.',
  });
}

const nothingToContinue = (workflowId: string): RowmillError =>
  new RowmillError('action_refused', 'it ended before it had a table', {
    where: `run ${workflowId}`,
    remedy: 'There is nothing to go on with: start it anew with `rowmill run FILE`.',
  });

async function fromTemporal(
  client: Client,
  known: WorkflowExecutionDescription,
  store: Store | null,
): Promise<EndedRun> {
  const { workflowId } = known;
  const key = { workflowId, firstRunId: firstRunOf(known) };
  const summary = await summaryOf(client, known);
  const input = await inputInHistory(client, key);
  if (summary !== null && summary.tableId === null && input?.previousRun === undefined) {
    throw nothingToContinue(workflowId);
  }
  const pipeline = input?.pipeline ?? (store === null ? null : await pipelineIn(store.run(key)));
  if (pipeline === null) {
    throw new RowmillError('store_unreadable', 'its pipeline is neither in Temporal nor here', {
      where: `run ${workflowId}${store === null ? '' : `, store ${store.location}`}`,
    });
  }
  const tableId = summary?.tableId ?? input?.previousRun?.tableId ?? null;
  // A run without rows copied nothing: use the folder of the run before it.
  const bare = summary === null || summary.rows === 0;
  return { key, pipeline, tableId, previousRun: bare ? (input?.previousRun ?? null) : null };
}

/** Reads the summary of a run; `null` if it failed or was terminated. */
async function summaryOf(
  client: Client,
  { workflowId, runId, status }: WorkflowExecutionDescription,
): Promise<RunSummary | null> {
  if (status.name !== 'COMPLETED') return null;
  // Safe cast: the workflow type returns a RunSummary.
  return (await client.workflow.getHandle(workflowId, runId).result()) as RunSummary;
}

/** Reads the input of the run's first execution: one event of any history. */
async function inputInHistory(
  client: Client,
  key: RunKey,
): Promise<Partial<EnrichTableInput> | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: key.workflowId, runId: key.firstRunId },
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  try {
    // Safe cast: the workflow type takes this input; what it was started with is checked field by field.
    const input = (await readPayload(client, started?.input?.payloads?.[0])) as
      Partial<EnrichTableInput> | undefined;
    return input ?? null;
  } catch {
    // Its key is gone, or another codec encoded it; the store has it in plain text.
    return null;
  }
}

/** Newest of a run and its reruns, whose files are the current state. */
export interface LatestRun {
  workflowId: string;
  /** `null` if the run has expired in Temporal. */
  description: WorkflowExecutionDescription | null;
  isRunning: boolean;
  /** Id of the next rerun. */
  nextId: string;
}

const RERUN = /-rerun-(\d+)$/;

/**
 * Numbers checked beyond the last listed rerun. The server's list lags, and the store does not list
 * ids that are not plain names.
 */
const LIST_LAG_MARGIN = 3;

/** Records of one run; both `null` if nothing is left. */
interface RunLookup {
  workflowId: string;
  description: WorkflowExecutionDescription | null;
  stored: StoredRun | null;
}

/**
 * Finds the newest run in Temporal and in the store. Numbers known to either are not reused: the
 * first reruns may have expired while the newest is in progress.
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

/** Picks the newest run; the original may have been started again after its reruns. */
function newestOf(traces: RunLookup[]): RunLookup {
  const remembered = traces.filter(({ description }) => description !== null);
  const among = remembered.length > 0 ? remembered : traces;
  return among.reduce((newest, trace) => {
    const started = startOf(trace);
    return started !== '' && started < startOf(newest) ? newest : trace;
  });
}

/** Returns the ISO start time; empty if unknown. */
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

/** Returns the highest rerun number in Temporal's list, which lags; 0 without reruns. */
async function lastListed(client: Client, root: string): Promise<number> {
  const prefix = `${root}-rerun-`;
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND WorkflowId STARTS_WITH ${quoted(prefix)}`;
  let last = 0;
  try {
    for await (const { workflowId } of client.workflow.list({ query })) {
      last = Math.max(last, numberOf(workflowId, root));
    }
  } catch (error) {
    // No run can have this id.
    if (invalidArgument(error) === null) throw error;
  }
  return last;
}

/** Returns the highest rerun number in the store, across gaps. */
async function lastStored(store: Store | null, root: string): Promise<number> {
  const ids = (await store?.workflowIds(`${root}-rerun-`)) ?? [];
  return Math.max(0, ...ids.map((workflowId) => numberOf(workflowId, root)));
}

/** Returns the rerun number of an id; 0 if it is not a rerun of `root`. */
const numberOf = (workflowId: string, root: string): number =>
  workflowId.replace(RERUN, '') === root ? Number(RERUN.exec(workflowId)?.[1] ?? 0) : 0;
