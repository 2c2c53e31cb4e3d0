import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTE } from '../contract/names.ts';

/** A run as the server lists it: known without any worker. */
export interface ListedRun {
  workflowId: string;
  runId: string;
  pipeline: string | null;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, TERMINATED, … */
  status: string;
  stage: string | null;
  outcome: string | null;
  rows: number | null;
  failedCells: number | null;
  tableId: string | null;
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
}

const KEY = {
  pipeline: defineSearchAttributeKey(SEARCH_ATTRIBUTE.pipeline, 'KEYWORD'),
  stage: defineSearchAttributeKey(SEARCH_ATTRIBUTE.stage, 'KEYWORD'),
  outcome: defineSearchAttributeKey(SEARCH_ATTRIBUTE.outcome, 'KEYWORD'),
  tableId: defineSearchAttributeKey(SEARCH_ATTRIBUTE.tableId, 'KEYWORD'),
  rows: defineSearchAttributeKey(SEARCH_ATTRIBUTE.rows, 'INT'),
  failedCells: defineSearchAttributeKey(SEARCH_ATTRIBUTE.failedCells, 'INT'),
} as const;

type Info = WorkflowExecutionInfo | WorkflowExecutionDescription;

/** Search attributes where the server has them, else Temporal's own status. */
export function listedRun(info: Info, nowMs = Date.now()): ListedRun {
  const attributes = info.typedSearchAttributes;
  const endMs = info.closeTime?.getTime() ?? nowMs;
  const isOpen = info.status.name === 'RUNNING';
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    pipeline: attributes.get(KEY.pipeline) ?? null,
    status: info.status.name,
    // Of a run that was killed it is where it stood then.
    stage: isOpen ? (attributes.get(KEY.stage) ?? null) : null,
    outcome: attributes.get(KEY.outcome) ?? endOf(info.status.name),
    rows: attributes.get(KEY.rows) ?? null,
    failedCells: attributes.get(KEY.failedCells) ?? null,
    tableId: attributes.get(KEY.tableId) ?? null,
    startedAt: info.startTime.toISOString(),
    durationMs: Math.max(0, endMs - info.startTime.getTime()),
  };
}

/** Of a run whose end no search attribute tells. */
const endOf = (status: string): string | null =>
  ['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED'].includes(status)
    ? null
    : status.toLowerCase().replaceAll('_', ' ');
