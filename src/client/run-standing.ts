import type { WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { MEMO_OWNER, SEARCH_ATTRIBUTE } from '../contract/names.ts';

/** A run as the server lists it: known without any worker. */
export interface RunInfo {
  workflowId: string;
  runId: string;
  pipeline: string | null;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, TERMINATED, … */
  status: string;
  stage: string | null;
  /** `50 %, pass 1` while cells move, in tenths; else the stage. */
  progress: string | null;
  outcome: string | null;
  rows: number | null;
  failedCells: number | null;
  tableId: string | null;
  /** ISO 8601. */
  startedAt: string;
  /** Whole ms. */
  durationMs: number;
}

/** What the server says of a run, listed or described. */
export type RawRun = WorkflowExecutionInfo['raw'];

/** Search attributes where the server has them, else Temporal's own status. */
export function toRunInfo(raw: RawRun | null | undefined, nowMs = Date.now()): RunInfo {
  const status = statusOf(raw);
  const startMs = msOf(raw?.startTime) ?? nowMs;
  const endMs = msOf(raw?.closeTime) ?? nowMs;
  return {
    workflowId: raw?.execution?.workflowId ?? '',
    runId: raw?.execution?.runId ?? '',
    pipeline: textIn(raw, SEARCH_ATTRIBUTE.pipeline),
    status,
    // Of a run that was killed it is where it stood then.
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

/** By its memo, which every server keeps. */
export function isOwned(raw: RawRun | null | undefined, owner: string | undefined): boolean {
  if (owner === undefined) return true;
  const payload = raw?.memo?.fields?.[MEMO_OWNER];
  return payload != null && defaultPayloadConverter.fromPayload(payload) === owner;
}

/** Status of a run whose outcome is not in its search attributes. */
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

type Timestamp = NonNullable<RawRun>['startTime'];

/** Seconds are a Long, which prints as its digits. */
const msOf = (time: Timestamp): number | null =>
  time == null ? null : Number(String(time.seconds ?? 0)) * 1_000 + (time.nanos ?? 0) / 1e6;

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
