import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { MEMO_FINGERPRINT, MEMO_REQUEST, WORKFLOW_TYPE } from '../contract/names.ts';
import type { EnrichTableInput, RunSummary } from '../contract/run.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { RowmillError } from '../errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { invalidArgument } from './invalid-argument.ts';
import { firstAttributes, staticDetails, staticSummary } from './run-texts.ts';

export interface StartRunOptions extends StartOptions {
  input: EnrichTableInput & { snapshot: SnapshotRef };
}

interface StartOptions {
  taskQueue: string;
  /** Without it: attaches to an unfinished run of the same work, else makes an id. */
  workflowId?: string;
  /** Never attach. */
  fresh?: boolean;
  /** Whether the server knows rowmill's search attributes. */
  searchAttributes: boolean;
  now?: Date;
}

/** A start whose rows may travel in the pipeline itself. */
export interface StartWorkOptions extends StartOptions {
  input: EnrichTableInput;
  /** What the rows are, wherever they travel. */
  rows: SnapshotRef;
  /** Digest of the whole request: an id that was used with another one is refused. */
  request?: string;
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
export const startRun = (client: Client, options: StartRunOptions): Promise<StartedRun> =>
  startWork(client, { ...options, rows: options.input.snapshot });

/** The same, with rows that are in the store or in the pipeline itself. */
export async function startWork(client: Client, options: StartWorkOptions): Promise<StartedRun> {
  const { input, fresh, rows } = options;
  const fingerprint = fingerprintOf(input.pipeline, rows.digest);
  if (options.workflowId === undefined && fresh !== true) {
    const unfinished = await findUnfinished(client, input.pipeline.name, fingerprint);
    if (unfinished !== null) return unfinished;
  }
  const workflowId = options.workflowId ?? timedId(input.pipeline.name, options.now ?? new Date());
  await refuseOtherRequest(client, workflowId, options.request);
  try {
    return await start(client, options, workflowId, fingerprint, fresh === true);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return attach(client, options, workflowId, fingerprint);
  }
}

async function start(
  client: Client,
  options: StartWorkOptions,
  workflowId: string,
  fingerprint: string,
  again: boolean,
): Promise<StartedRun> {
  const { request, rows } = options;
  const subject = { pipeline: options.input.pipeline, rows };
  const handle = await client.workflow.start(WORKFLOW_TYPE, {
    workflowId,
    taskQueue: options.taskQueue,
    args: [options.input],
    memo: {
      [MEMO_FINGERPRINT]: fingerprint,
      ...(request === undefined ? {} : { [MEMO_REQUEST]: request }),
    },
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: again ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
    staticSummary: staticSummary(subject),
    staticDetails: staticDetails(subject),
    ...(options.searchAttributes ? { typedSearchAttributes: firstAttributes(subject) } : {}),
  });
  return { workflowId, runId: handle.firstExecutionRunId, attached: false };
}

async function attach(
  client: Client,
  options: StartWorkOptions,
  workflowId: string,
  fingerprint: string,
): Promise<StartedRun> {
  const handle = client.workflow.getHandle(workflowId);
  const description = await handle.describe();
  refuseOther(description, options.request);
  if (fingerprintIn(description) !== fingerprint) {
    const state = description.status.name === 'RUNNING' ? 'runs' : 'ran';
    throw new RowmillError('run_conflict', `it ${state} with another pipeline or other rows`, {
      where: `run ${workflowId}`,
    });
  }
  if (description.status.name === 'COMPLETED') {
    // The workflow type gives back a RunSummary.
    const summary = (await handle.result()) as RunSummary;
    // A cancelled run was stopped by somebody; the same command takes it up again. A backend that
    // repeats its request does not know of that.
    if (summary.outcome === 'cancelled' && options.request === undefined) {
      return start(client, options, workflowId, fingerprint, true);
    }
  }
  return { workflowId, runId: description.runId, attached: true };
}

/** A key stands for one request, also after its run has failed. */
async function refuseOtherRequest(
  client: Client,
  workflowId: string,
  request: string | undefined,
): Promise<void> {
  if (request === undefined) return;
  const before = await describeRun(client, workflowId).catch((error: unknown) => {
    if (error instanceof RowmillError && error.code === 'run_not_found') return null;
    throw error;
  });
  if (before !== null) refuseOther(before, request);
}

function refuseOther(
  { memo, workflowId }: WorkflowExecutionDescription,
  request: string | undefined,
): void {
  const held: unknown = memo?.[MEMO_REQUEST];
  if (request === undefined || held === undefined || held === request) return;
  throw new RowmillError('run_conflict', 'the key was used with another request', {
    where: `run ${workflowId}`,
    remedy: 'Send the same request again, or use another key.',
  });
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

/** The run of this id. @throws RowmillError `run_not_found`, also for a workflow of another kind */
export async function describeRun(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription> {
  let cause: unknown;
  try {
    const found = await client.workflow.getHandle(workflowId, runId).describe();
    if (found.type === WORKFLOW_TYPE) return found;
  } catch (error) {
    // An id may be longer than the server allows, or no text at all.
    const isImpossible = invalidArgument(error) !== null;
    if (!(error instanceof WorkflowNotFoundError) && !isImpossible) throw error;
    cause = error;
  }
  throw new RowmillError('run_not_found', 'there is no such run', {
    where: `run ${workflowId}`,
    cause,
  });
}
