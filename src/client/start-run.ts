import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { MEMO_FINGERPRINT, SEARCH_ATTRIBUTE, WORKFLOW_TYPE } from '../contract/names.ts';
import type { EnrichTableInput, RunSummary } from '../contract/run.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { RowmillError } from '../errors.ts';
import { fingerprintOf } from './fingerprint.ts';

export interface StartRunOptions {
  input: EnrichTableInput & { snapshot: SnapshotRef };
  taskQueue: string;
  /** Without it: attaches to an unfinished run of the same work, else makes an id. */
  workflowId?: string;
  /** Never attach. */
  fresh?: boolean;
  /** Whether the server knows rowmill's search attributes. */
  searchAttributes: boolean;
  now?: Date;
}

export interface StartedRun {
  workflowId: string;
  runId: string;
  /** It was there already: running, or finished with the same work. */
  attached: boolean;
}

/**
 * Starts a run, or finds the one that does this work already: a repeated command never pays twice.
 * @throws RowmillError `run_conflict` when the id belongs to other work
 */
export async function startRun(client: Client, options: StartRunOptions): Promise<StartedRun> {
  const { input, fresh } = options;
  const fingerprint = fingerprintOf(input.pipeline, input.snapshot.digest);
  if (options.workflowId === undefined && fresh !== true) {
    const unfinished = await findUnfinished(client, input.pipeline.name, fingerprint);
    if (unfinished !== null) return unfinished;
  }
  const workflowId = options.workflowId ?? timedId(input.pipeline.name, options.now ?? new Date());
  try {
    return await start(client, options, workflowId, fingerprint, fresh === true);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return attach(client, options, workflowId, fingerprint);
  }
}

async function start(
  client: Client,
  options: StartRunOptions,
  workflowId: string,
  fingerprint: string,
  again: boolean,
): Promise<StartedRun> {
  const { pipeline, snapshot } = options.input;
  const handle = await client.workflow.start(WORKFLOW_TYPE, {
    workflowId,
    taskQueue: options.taskQueue,
    args: [options.input],
    memo: { [MEMO_FINGERPRINT]: fingerprint },
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: again ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
    staticSummary: `Enrich ${snapshot.rows} rows of ${pipeline.name} with ${pipeline.provider}`,
    staticDetails: staticDetails(options.input),
    ...(options.searchAttributes ? { typedSearchAttributes: attributesOf(options.input) } : {}),
  });
  return { workflowId, runId: handle.firstExecutionRunId, attached: false };
}

async function attach(
  client: Client,
  options: StartRunOptions,
  workflowId: string,
  fingerprint: string,
): Promise<StartedRun> {
  const handle = client.workflow.getHandle(workflowId);
  const description = await handle.describe();
  if (fingerprintIn(description) !== fingerprint) {
    const state = description.status.name === 'RUNNING' ? 'runs' : 'ran';
    throw new RowmillError('run_conflict', `it ${state} with another pipeline or other rows`, {
      where: `run ${workflowId}`,
    });
  }
  if (description.status.name === 'COMPLETED') {
    // The workflow type gives back a RunSummary.
    const summary = (await handle.result()) as RunSummary;
    // A cancelled run was stopped by somebody; the same command takes it up again.
    if (summary.outcome === 'cancelled') {
      return start(client, options, workflowId, fingerprint, true);
    }
  }
  return { workflowId, runId: description.runId, attached: true };
}

async function findUnfinished(
  client: Client,
  name: string,
  fingerprint: string,
): Promise<StartedRun | null> {
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${name}-'`;
  for await (const run of client.workflow.list({ query })) {
    if (fingerprintIn(run) === fingerprint) {
      return { workflowId: run.workflowId, runId: run.runId, attached: true };
    }
  }
  return null;
}

const fingerprintIn = (run: Pick<WorkflowExecutionDescription, 'memo'>): unknown =>
  run.memo?.[MEMO_FINGERPRINT];

/** `<name>-20260131-023000`, UTC. */
function timedId(name: string, now: Date): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  return `${name}-${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}

const PIPELINE = defineSearchAttributeKey(SEARCH_ATTRIBUTE.pipeline, 'KEYWORD');
const STAGE = defineSearchAttributeKey(SEARCH_ATTRIBUTE.stage, 'KEYWORD');
const ROWS = defineSearchAttributeKey(SEARCH_ATTRIBUTE.rows, 'INT');

const attributesOf = ({ pipeline, snapshot }: StartRunOptions['input']): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: PIPELINE, value: pipeline.name },
    { key: STAGE, value: 'preparing rows' },
    { key: ROWS, value: snapshot.rows },
  ]);

/** What the run is, for people in the Temporal UI. */
function staticDetails({ pipeline, snapshot }: StartRunOptions['input']): string {
  const columns = pipeline.table.columns
    .map((column) => `\`${JSON.stringify(column['key'])}\``)
    .join(', ');
  return [
    `- **pipeline** \`${pipeline.name}\`, provider \`${pipeline.provider}\``,
    `- **rows** ${snapshot.rows}, key \`${pipeline.rows.key}\`, ${snapshot.digest.slice(0, 19)}…`,
    `- **columns** ${columns}`,
    `- **results** ${pipeline.results.map((target) => `\`${target.to}\``).join(', ')}`,
  ].join('\n');
}

/** The run of this id. @throws RowmillError `run_not_found` */
export async function describeRun(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription> {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new RowmillError('run_not_found', 'there is no such run', {
      where: `run ${workflowId}`,
      cause: error,
    });
  }
}
