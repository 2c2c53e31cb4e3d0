import type { Client } from '@temporalio/client';
import { MEMO_FINGERPRINT, SEARCH_ATTRIBUTE, WORKFLOW_TYPE } from '../../../contract/names.ts';
import type { RunSummary } from '../../../contract/run.ts';

/** Run that has done the same work: same table, rows and results. */
export interface CompletedWork {
  workflowId: string;
  endedAt: Date;
  summary: RunSummary;
}

export interface WorkToFind {
  /** Name of the pipeline. */
  name: string;
  fingerprint: string;
  /** True if the server has rowmill's search attributes. */
  searchAttributes: boolean;
}

/** Maximum number of runs checked, newest first. */
const MAX_RUNS = 200;

const OUTCOMES: readonly string[] = ['completed', 'partial'];

/** Builds a list filter for the runs of a pipeline under any id. */
export function runsOfPipeline(
  { name, searchAttributes }: Omit<WorkToFind, 'fingerprint'>,
  status: 'Running' | 'Completed',
): string {
  const ofPipeline = [
    `WorkflowId STARTS_WITH '${name}-'`,
    ...(searchAttributes ? [`${SEARCH_ATTRIBUTE.pipeline} = '${name}'`] : []),
  ].join(' OR ');
  return `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = '${status}' AND (${ofPipeline})`;
}

/** Finds the newest run on the server that has done this work; `null` without one. */
export async function findCompletedWork(
  client: Client,
  work: WorkToFind,
): Promise<CompletedWork | null> {
  const { fingerprint } = work;
  const query = runsOfPipeline(work, 'Completed');
  let seen = 0;
  for await (const { workflowId, runId, memo, closeTime } of client.workflow.list({ query })) {
    if (memo?.[MEMO_FINGERPRINT] === fingerprint && closeTime !== undefined) {
      // Safe cast: this workflow type returns a RunSummary.
      const summary = (await client.workflow.getHandle(workflowId, runId).result()) as RunSummary;
      if (OUTCOMES.includes(summary.outcome)) return { workflowId, endedAt: closeTime, summary };
    }
    seen += 1;
    if (seen === MAX_RUNS) return null;
  }
  return null;
}
