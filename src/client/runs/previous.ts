import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defaultPayloadConverter, fromPayloadsAtIndex } from '@temporalio/common';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { PreviousRunRef, EnrichTableInput, RunSummary } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import type { RunKey, Store } from '../../store/store.ts';
import { hasStatus, invalidArgument } from '../../temporal/grpc-errors.ts';
import { WORKFLOW_TYPE } from '../../contract/names.ts';
import { firstRunOf, findRun } from './describe.ts';
import { pipelineIn } from './run-pipeline.ts';
import { newestStored, type StoredRun } from './stored.ts';
import { quoted } from './list.ts';

/** A run that is over: what it did, and what it left. */
export interface EndedRun {
  key: RunKey;
  pipeline: Pipeline;
  /** `null`: not known here; the worker finds it by the manifest or by its tag. */
  tableId: string | null;
  /** The run that it continued, where it may have ended before it did anything. */
  previousRun: PreviousRunRef | null;
}

/**
 * By Temporal where it still knows the run, else by the store.
 * @throws RowmillError `action_refused` when there was never a table, `run_not_found`
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
    // Forgotten since it was looked at.
    if (isUnknown(error)) return fromStore(workflowId, store);
    throw error;
  }
}

/** A history is asked for without the client's own words for errors. */
const isUnknown = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || hasStatus(error, 'NOT_FOUND');

async function fromStore(workflowId: string, store: Store | null): Promise<EndedRun> {
  const kept = store === null ? null : await newestStored(store, workflowId);
  if (kept !== null) return { ...kept, tableId: kept.previousRun?.tableId ?? null };
  throw new RowmillError('run_not_found', 'neither Temporal nor the store knows it', {
    where: `run ${workflowId}`,
    remedy: 'See `rowmill list`; check TEMPORAL_ADDRESS, the namespace and ROWMILL_STORE.',
  });
}

async function fromTemporal(
  client: Client,
  known: WorkflowExecutionDescription,
  store: Store | null,
): Promise<EndedRun> {
  const { workflowId } = known;
  const where = `run ${workflowId}`;
  const key = { workflowId, firstRunId: firstRunOf(known) };
  const summary = await summaryOf(client, known);
  const input = await inputInHistory(client, key);
  if (summary !== null && summary.tableId === null && input?.previousRun === undefined) {
    throw new RowmillError('action_refused', 'it ended before it had a table', {
      where,
      remedy: 'There is nothing to go on with: start it anew with `rowmill run FILE`.',
    });
  }
  const pipeline = input?.pipeline ?? (store === null ? null : await pipelineIn(store.run(key)));
  if (pipeline === null) {
    throw new RowmillError('store_unreadable', 'its pipeline is neither in Temporal nor here', {
      where: store === null ? where : `${where}, store ${store.location}`,
    });
  }
  const tableId = summary?.tableId ?? input?.previousRun?.tableId ?? null;
  // Without rows it has taken over nothing: the folder of the run before it is still the one to look in.
  const bare = summary === null || summary.rows === 0;
  return { key, pipeline, tableId, previousRun: bare ? (input?.previousRun ?? null) : null };
}

/** Summary that it returned; `null` of a run that failed, or was terminated. */
async function summaryOf(
  client: Client,
  { workflowId, runId, status }: WorkflowExecutionDescription,
): Promise<RunSummary | null> {
  if (status.name !== 'COMPLETED') return null;
  // The workflow type returns a RunSummary.
  return (await client.workflow.getHandle(workflowId, runId).result()) as RunSummary;
}

/** The input of the run's first execution: one event, however long its history is. */
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
    const input = fromPayloadsAtIndex<Partial<EnrichTableInput> | undefined>(
      defaultPayloadConverter,
      0,
      started?.input?.payloads,
    );
    return input ?? null;
  } catch {
    // Encoded by a payload codec: the store has it in the clear.
    return null;
  }
}

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
