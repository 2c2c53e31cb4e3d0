import { createHash } from 'node:crypto';
import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowIdReusePolicy,
} from '@temporalio/client';
import { MEMO_FINGERPRINT, MEMO_REQUEST, WORKFLOW_TYPE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { SnapshotRef } from '../../contract/rows.ts';
import type { EnrichTableInput, RunSummary } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import { rejectExpiredRun } from './files/stored.ts';
import { findRun } from './lookup/describe.ts';
import { isSeen, ownedMemo, withOwner, type Owned } from './lookup/ownership.ts';
import { runsOfPipeline, type WorkToFind } from './lookup/repeated-work.ts';
import { initialSearchAttributes, staticDetails, staticSummary, storeMemo } from './metadata.ts';

export interface StartRunOptions extends StartOptions {
  input: EnrichTableInput & { snapshot: SnapshotRef };
}

interface StartOptions extends Owned {
  taskQueue: string;
  /** Run id. @default attaches to an unfinished run of the same work, else a new id */
  workflowId?: string;
  /** Never attaches. */
  fresh?: boolean;
  /** True if the server has rowmill's search attributes. */
  searchAttributes: boolean;
  now?: Date;
  /** Store of the workers, which has the runs expired in Temporal. */
  store?: Store;
  /** Called before a new run starts: no run in progress does its work. Throws to reject it. */
  beforeNew?: (work: WorkToFind) => Promise<void>;
}

/** Options of a start whose rows may be in the pipeline itself. */
export interface StartWorkOptions extends StartOptions {
  input: EnrichTableInput;
  /** Reference to the rows, in the store or in the pipeline. */
  rows: SnapshotRef;
  /** Digest of the whole request; an id used with another digest is refused. */
  request?: string;
  /** Called before the start request, unless an existing run rejects it. */
  beforeStart?: () => Promise<void>;
}

export interface StartedRun {
  workflowId: string;
  runId: string;
  /** The task queue that its worker polls. */
  taskQueue: string;
  /** True if the run existed already: in progress, or completed with the same work. */
  attached: boolean;
}

/**
 * Starts a run, or finds the one that does this work: a repeated command never pays twice.
 * @throws RowmillError `run_conflict` when the id belongs to other work
 */
export const startRun = (client: Client, options: StartRunOptions): Promise<StartedRun> =>
  startWork(client, { ...options, rows: options.input.snapshot });

/** Starts a run whose rows are in the store or in the pipeline itself. */
export function startWork(client: Client, options: StartWorkOptions): Promise<StartedRun> {
  const { input, rows, workflowId } = options;
  const work = { ...options, fingerprint: fingerprintOf(input.pipeline, rows.digest) };
  return workflowId === undefined ? startUnnamed(client, work) : startAs(client, work, workflowId);
}

interface StartInput extends StartWorkOptions {
  fingerprint: string;
}

/** Finds the run in progress that does this work, of any caller; `null` without one. */
export function findWork(
  client: Client,
  { input, rows, searchAttributes }: WorkInProgress,
): Promise<StartedRun | null> {
  const { pipeline } = input;
  const fingerprint = fingerprintOf(pipeline, rows.digest);
  return findInProgress(client, { name: pipeline.name, searchAttributes, fingerprint }, new Date());
}

type WorkInProgress = Pick<StartWorkOptions, 'input' | 'rows' | 'searchAttributes'>;

async function findInProgress(
  client: Client,
  work: WorkToFind,
  now: Date,
): Promise<StartedRun | null> {
  const listed = await findListed(client, work);
  // The server may not list a run this young yet.
  return listed ?? unfinished(client, work, timestampId(work.name, now, PREVIOUS_SLOT));
}

/** Attaches to an unfinished run of the same work, also of another caller; else creates an id. */
async function startUnnamed(client: Client, work: StartInput): Promise<StartedRun> {
  const { input, fresh = false } = work;
  const { name } = input.pipeline;
  const now = work.now ?? new Date();
  const found = fresh ? null : await findInProgress(client, { ...work, name }, now);
  if (found !== null) return found;
  if (!fresh) await work.beforeNew?.({ ...work, name });
  for (let turn = 0; ; turn += 1) {
    const workflowId = timestampId(name, now, turn);
    const started = await start(client, work, workflowId, 'REJECT_DUPLICATE');
    if (started !== null) return started;
    // Another caller took this name at the same moment, for the same or for other work.
    const there = fresh ? null : await unfinished(client, work, workflowId);
    if (there !== null) return there;
  }
}

/** Starts a run under this id, or attaches to it. @throws RowmillError `run_conflict` */
async function startAs(client: Client, work: StartInput, workflowId: string): Promise<StartedRun> {
  const { request, fingerprint, fresh = false, store } = work;
  const before = await findRun(client, workflowId);
  // A key stays bound to its request, even after its run has failed.
  if (before !== null) {
    refuseOther(before, work);
    if (!fresh && HAS_ITS_ID.has(before.status.name)) refuseOtherWork(before, fingerprint);
  } else if (store !== undefined && !fresh) {
    await rejectExpiredRun(store, workflowId, request !== undefined);
  }
  let again = fresh;
  for (;;) {
    const reuse = again ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY';
    const started = await start(client, work, workflowId, reuse);
    if (started !== null) return started;
    const run = await client.workflow.getHandle(workflowId).describe();
    refuseOther(run, work);
    refuseOtherWork(run, fingerprint);
    // An operator cancelled the run, and the same command continues it. A backend repeating its
    // request does not know about the cancel.
    again = request === undefined && (await wasCancelled(client, run));
    if (!again) return attachedTo(run);
  }
}

/** Statuses of runs that keep their id. Others release it to the next run. */
const HAS_ITS_ID: ReadonlySet<string> = new Set(['RUNNING', 'COMPLETED']);

/** Starts the workflow; `null` if the id exists already. */
async function start(
  client: Client,
  work: StartInput,
  workflowId: string,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
): Promise<StartedRun | null> {
  const { request, rows, input, taskQueue, searchAttributes, fingerprint, beforeStart } = work;
  await beforeStart?.();
  const subject = { pipeline: input.pipeline, rows };
  try {
    const handle = await client.workflow.start(WORKFLOW_TYPE, {
      workflowId,
      taskQueue,
      args: [input],
      memo: {
        [MEMO_FINGERPRINT]: fingerprint,
        ...(request === undefined ? {} : { [MEMO_REQUEST]: request }),
        ...storeMemo(work.store),
        ...ownedMemo(work),
      },
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy,
      staticSummary: staticSummary(subject),
      staticDetails: staticDetails(subject),
      ...(searchAttributes
        ? { typedSearchAttributes: withOwner(initialSearchAttributes(subject), work.owner) }
        : {}),
    });
    return { workflowId, runId: handle.firstExecutionRunId, taskQueue, attached: false };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

async function wasCancelled(
  client: Client,
  { workflowId, runId, status }: WorkflowExecutionDescription,
): Promise<boolean> {
  if (status.name !== 'COMPLETED') return false;
  // Reads the result by run id: another caller may have started the next execution. Safe cast: it
  // returns a RunSummary.
  const summary = (await client.workflow.getHandle(workflowId, runId).result()) as RunSummary;
  return summary.outcome === 'cancelled';
}

function refuseOtherWork(run: WorkflowExecutionDescription, fingerprint: string): void {
  if (fingerprintIn(run) === fingerprint) return;
  const state = run.status.name === 'RUNNING' ? 'runs' : 'ran';
  throw new RowmillError('run_conflict', `it ${state} with another pipeline or other rows`, {
    where: `run ${run.workflowId}`,
  });
}

function refuseOther(
  { memo, workflowId }: WorkflowExecutionDescription,
  { request, owner }: Pick<StartInput, 'request' | 'owner'>,
): void {
  const stored: unknown = memo?.[MEMO_REQUEST];
  // Reveals nothing else about the run of another owner.
  if (!isSeen({ memo }, owner)) {
    throw new RowmillError('run_conflict', 'the key is of another owner', {
      where: `run ${workflowId}`,
      remedy: 'Use another key.',
    });
  }
  if (request === undefined || stored === undefined || stored === request) return;
  throw new RowmillError('run_conflict', 'the key was used with another request', {
    where: `run ${workflowId}`,
    remedy: 'Send the same request again, or use another key.',
  });
}

/** Searches the server's list, which lags. */
async function findListed(client: Client, work: WorkToFind): Promise<StartedRun | null> {
  const query = runsOfPipeline(work, 'Running');
  for await (const run of client.workflow.list({ query })) {
    if (fingerprintIn(run) !== work.fingerprint) continue;
    const found = await unfinished(client, work, run.workflowId);
    if (found !== null) return found;
  }
  return null;
}

/** Returns the run of this id if it does this work and is in progress. */
async function unfinished(
  client: Client,
  { fingerprint }: Pick<StartInput, 'fingerprint'>,
  workflowId: string,
): Promise<StartedRun | null> {
  const run = await findRun(client, workflowId);
  if (run?.status.name !== 'RUNNING' || fingerprintIn(run) !== fingerprint) return null;
  return attachedTo(run);
}

/** Describes an existing run as a started one. */
export const attachedTo = ({
  workflowId,
  runId,
  taskQueue,
}: Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'taskQueue'>): StartedRun => ({
  workflowId,
  runId,
  taskQueue,
  attached: true,
});

const fingerprintIn = (run: Pick<WorkflowExecutionDescription, 'memo'>): unknown =>
  run.memo?.[MEMO_FINGERPRINT];

/** Returns the fingerprint of the work: table, rows and results, without limits and polling. */
function fingerprintOf(pipeline: Pipeline, rowsDigest: string): string {
  const { name, provider, table, results } = pipeline;
  const work = JSON.stringify([name, provider, table, results, rowsDigest]);
  return createHash('sha256').update(work).digest('hex');
}

/** Returns the digest of a request with a key: the work and its limits. */
export function requestDigestOf(pipeline: Pipeline, rowsDigest: string, approved: boolean): string {
  const { rows, ...rest } = pipeline;
  const { key, map, skipBad, duplicates } = rows;
  const leavesOut = [skipBad, duplicates].filter((policy) => policy !== undefined);
  const request = JSON.stringify([rest, key, map, rowsDigest, approved, ...leavesOut]);
  return createHash('sha256').update(request).digest('hex');
}

const STEP_MS = 10_000;

/** First slot of the previous ten seconds. */
const PREVIOUS_SLOT = -STEP_MS / 1_000;

/**
 * Creates a run id from the time in UTC, `<name>-20260131-023000`, rounded down to ten seconds.
 * Each further slot adds a second. Callers of the same moment, not yet listed by the server,
 * compete for the first slot and one of them wins.
 */
function timestampId(name: string, now: Date, slot: number): string {
  const stepMs = Math.floor(now.getTime() / STEP_MS) * STEP_MS;
  const [date = '', time = ''] = new Date(stepMs + slot * 1_000).toISOString().split('T');
  return `${name}-${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}
