import { createHash } from 'node:crypto';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTE, WORKFLOW_TYPE, MEMO_OWNER } from '../../../contract/names.ts';
import type { Outcome } from '../../../contract/run.ts';
import { RowmillError } from '../../../errors.ts';
import { readPayload } from '../../../temporal/data-converter.ts';
import { invalidArgument } from '../../../temporal/grpc-errors.ts';
import { msOfTimestamp } from '../../../temporal/timestamp.ts';

/** Temporal's workflow statuses, as its list filter spells them. */
export const RUN_STATUSES = [
  ...(['Running', 'Completed', 'Failed'] as const),
  ...(['Canceled', 'Terminated', 'TimedOut'] as const),
] as const;

export interface RunFilter {
  /** Name of the pipeline. */
  pipeline?: string | undefined;
  /** Stage; matches only runs in progress. */
  stage?: string | undefined;
  outcome?: Outcome | undefined;
  status?: (typeof RUN_STATUSES)[number] | undefined;
  /** Owner of the runs. */
  owner?: string | undefined;
}

export interface ListRunsOptions extends RunFilter {
  /** Runs per page. @default 50 */
  limit?: number | undefined;
  /** `next` of the previous page. */
  cursor?: string | undefined;
}

export interface RunPage {
  runs: RunInfo[];
  /** Cursor of the next page; `null` on the last one. */
  next: string | null;
}

/**
 * Lists one page of runs, those in progress first, then the newest: the order of the server.
 * @param isOwnerListed Whether the server has the search attributes; the memo is checked in either
 * case.
 * @throws RowmillError `usage` for an invalid cursor
 */
export async function listRuns(
  client: Client,
  options: ListRunsOptions = {},
  isOwnerListed = true,
): Promise<RunPage> {
  const { limit = 50, cursor, owner } = options;
  const query = queryOf(isOwnerListed ? options : { ...options, owner: undefined });
  const token = cursor === undefined ? undefined : tokenOf(cursor, query);
  try {
    const page = await client.workflowService.listWorkflowExecutions({
      namespace: client.options.namespace,
      query,
      pageSize: limit,
      ...(token === undefined ? {} : { nextPageToken: token }),
    });
    const owned = await Promise.all(page.executions.map((raw) => isOwned(client, raw, owner)));
    return {
      // Servers without the search attribute return all runs; filter the page here.
      runs: page.executions.filter((_, at) => owned[at]).map((raw) => toRunInfo(raw)),
      // A full last page also has a token; the next page is then empty.
      next: page.nextPageToken.length === 0 ? null : cursorOf(page.nextPageToken, query),
    };
  } catch (cause) {
    const said = invalidArgument(cause);
    if (said === null) throw cause;
    throw new RowmillError('usage', `the server refuses the list: ${said}`, {
      remedy: 'Filters need rowmill’s search attributes: start a worker, which registers them.',
      cause,
    });
  }
}

/**
 * Iterates over the runs of all pages in the same order. A run that ends between two pages is
 * listed twice by the server and yielded once.
 * @throws RowmillError as `listRuns`
 */
export async function* eachRun(
  client: Client,
  options: Omit<ListRunsOptions, 'cursor'> = {},
  isOwnerListed = true,
): AsyncGenerator<RunInfo> {
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const { runs, next } = await listRuns(client, { ...options, cursor }, isOwnerListed);
    for (const run of runs) {
      if (!seen.has(run.runId)) yield run;
      seen.add(run.runId);
    }
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}

const sumOf = (token: Uint8Array, query: string): string =>
  createHash('sha256').update(query).update(token).digest('base64url').slice(0, 16);

const cursorOf = (token: Uint8Array, query: string): string =>
  `${Buffer.from(token).toString('base64url')}.${sumOf(token, query)}`;

/**
 * Decodes the token. The server answers a foreign token like an outage, which the client would
 * retry.
 */
function tokenOf(cursor: string, query: string): Uint8Array {
  const [text = '', sum] = cursor.split('.');
  const token = Buffer.from(text, 'base64url');
  if (sum === sumOf(token, query)) return token;
  throw new RowmillError('usage', 'the cursor is none of this list', {
    remedy: 'Take `next` of the page before, with the same filters.',
  });
}

function queryOf({ pipeline, stage, outcome, status, owner }: RunFilter): string {
  const wanted: [string, string | undefined][] = [
    ['WorkflowType', WORKFLOW_TYPE],
    ['ExecutionStatus', status ?? (stage === undefined ? undefined : 'Running')],
    [SEARCH_ATTRIBUTE.pipeline, pipeline],
    [SEARCH_ATTRIBUTE.stage, stage],
    [SEARCH_ATTRIBUTE.outcome, outcome],
    [SEARCH_ATTRIBUTE.owner, owner],
  ];
  return [
    ...wanted.flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} = ${quoted(value)}`],
    ),
    // A run that continued as new is listed under its newest execution.
    `ExecutionStatus != 'ContinuedAsNew'`,
  ].join(' AND ');
}

/** Quotes any text for the list filter. */
export const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Run as the server lists it; available without a worker. */
export interface RunInfo {
  workflowId: string;
  runId: string;
  pipeline: string | null;
  /** Temporal status: RUNNING, COMPLETED, FAILED, TERMINATED, … */
  status: string;
  stage: string | null;
  /** `50 %, pass 1` in steps of ten percent while cells are computed; else the stage. */
  progress: string | null;
  outcome: string | null;
  rows: number | null;
  failedCells: number | null;
  tableId: string | null;
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
}

/** Run as the server returns it, listed or described. */
export type RawRun = WorkflowExecutionInfo['raw'];

/** Reads the search attributes where the server has them, else Temporal's status. */
export function toRunInfo(raw: RawRun | null | undefined, nowMs = Date.now()): RunInfo {
  const status = statusOf(raw);
  const startMs = msOfTimestamp(raw?.startTime) ?? nowMs;
  const endMs = msOfTimestamp(raw?.closeTime) ?? nowMs;
  return {
    workflowId: raw?.execution?.workflowId ?? '',
    runId: raw?.execution?.runId ?? '',
    pipeline: textIn(raw, SEARCH_ATTRIBUTE.pipeline),
    status,
    // Of a terminated run, the attribute is the last stage before it was terminated.
    stage: status === 'RUNNING' ? textIn(raw, SEARCH_ATTRIBUTE.stage) : null,
    progress: status === 'RUNNING' ? textIn(raw, SEARCH_ATTRIBUTE.progress) : null,
    outcome: textIn(raw, SEARCH_ATTRIBUTE.outcome) ?? endOf(status),
    rows: numberIn(raw, SEARCH_ATTRIBUTE.rows),
    failedCells: numberIn(raw, SEARCH_ATTRIBUTE.failedCells),
    tableId: textIn(raw, SEARCH_ATTRIBUTE.tableId),
    startedAt: new Date(startMs).toISOString(),
    durationMs: Math.max(0, Math.round(endMs - startMs)),
  };
}

/** Checks the owner in the memo, which every server stores. */
async function isOwned(
  client: Client,
  raw: RawRun | null | undefined,
  owner: string | undefined,
): Promise<boolean> {
  if (owner === undefined) return true;
  // A memo whose key is gone names no owner.
  const named = await readPayload(client, raw?.memo?.fields?.[MEMO_OWNER]).catch(() => null);
  return named === owner;
}

/** Maps the status of a run without an outcome attribute. */
const endOf = (status: string): string | null =>
  ['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED'].includes(status)
    ? null
    : status.toLowerCase().replaceAll('_', ' ');

const STATUS = proto.temporal.api.enums.v1.WorkflowExecutionStatus;
const PREFIX = 'WORKFLOW_EXECUTION_STATUS_';

function statusOf(raw: RawRun | null | undefined): string {
  const name = Object.entries(STATUS).find(([, code]) => code === (raw?.status ?? 0))?.[0];
  const word = name?.replace(PREFIX, '') ?? 'UNKNOWN';
  return word === 'CANCELED' ? 'CANCELLED' : word;
}

function valueIn(raw: RawRun | null | undefined, name: string): unknown {
  const payload = raw?.searchAttributes?.indexedFields?.[name];
  return payload == null ? null : defaultPayloadConverter.fromPayload(payload);
}

const textIn = (raw: RawRun | null | undefined, name: string): string | null => {
  const value = valueIn(raw, name);
  return typeof value === 'string' ? value : null;
};

const numberIn = (raw: RawRun | null | undefined, name: string): number | null => {
  const value = valueIn(raw, name);
  return typeof value === 'number' ? value : null;
};
