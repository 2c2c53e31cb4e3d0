import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defaultPayloadConverter, fromPayloadsAtIndex } from '@temporalio/common';
import type { Pipeline } from '../contract/pipeline.ts';
import type { PreviousRunRef, EnrichTableInput, RunSummary } from '../contract/run.ts';
import { RowmillError } from '../errors.ts';
import type { RunKey, Store } from '../store/store.ts';
import { firstRunOf } from './find-run.ts';
import { hasStatus } from './grpc-status.ts';
import { pipelineIn } from './run-pipeline.ts';
import { newestStored } from './stored-run.ts';

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
