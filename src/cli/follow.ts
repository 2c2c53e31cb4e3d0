import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { errorOfRun } from '../client/failure.ts';
import { liveProgress, type LiveProgress } from '../client/live-progress.ts';
import type { RunSummary } from '../contract/run.ts';
import { RowmillError } from '../errors.ts';
import type { ProgressView, Standing } from './progress/index.ts';
import { printable } from './printable.ts';
import { hasWorker, noWorkerText } from './workers.ts';

export interface FollowOptions {
  client: Client;
  workflowId: string;
  runId: string;
  taskQueue: string;
  ui: string | null;
  view: ProgressView;
  /** Ends the following, not the run. */
  signal: AbortSignal;
  /** Settles when there is nothing left to follow the run with. */
  broken?: Promise<RowmillError> | undefined;
}

const TRY_AGAIN_AFTER_MS = 1_000;

/**
 * Shows the run until it ends, through restarts of worker and server alike. `null` when the signal
 * came first.
 * @throws RowmillError with the code the run failed with, or `run_not_found`
 */
export async function follow(options: FollowOptions): Promise<RunSummary | null> {
  const { client, workflowId, view, signal } = options;
  const left = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  const broken = options.broken?.then((error) => Promise.reject(error)) ?? left;
  const over = new AbortController();
  const ended = untilOver(client, over.signal, () =>
    resultOf(client.workflow.getHandle<Run>(workflowId, options.runId), signal),
  );
  const finish = Promise.race([ended, left, broken]).finally(() => over.abort());
  // Without the run id: a run that continued as new is asked under its newest one.
  const watching = watch(options, client.workflow.getHandle(workflowId), over.signal);
  try {
    return await Promise.race([finish, watching]);
  } finally {
    view.end();
    // What comes after the end belongs to nobody.
    ended.catch(() => undefined);
  }
}

/**
 * Calls that end with the following: one that is left open is tried again after its connection was
 * closed, and the SDK throws that from a timer.
 */
async function untilOver<T>(client: Client, over: AbortSignal, call: () => Promise<T>): Promise<T> {
  // A signal for each: the SDK never takes its listeners off, one for each long poll.
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const cancel = (): void => controller.abort();
  if (over.aborted) cancel();
  over.addEventListener('abort', cancel, { once: true });
  try {
    return await client.withAbortSignal(controller.signal, call);
  } finally {
    over.removeEventListener('abort', cancel);
  }
}

type Run = (input: unknown) => Promise<RunSummary>;

async function resultOf(handle: WorkflowHandle<Run>, signal: AbortSignal): Promise<RunSummary> {
  for (;;) {
    try {
      return await handle.result();
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw errorOfRun(error, handle.workflowId);
      if (error instanceof WorkflowNotFoundError) throw gone(handle.workflowId, error);
      if (!isOutage(error) || signal.aborted) throw error;
      await sleep(TRY_AGAIN_AFTER_MS);
    }
  }
}

const gone = (workflowId: string, cause: unknown): RowmillError =>
  new RowmillError('run_not_found', 'the server does not know the run any more', {
    where: `run ${workflowId}`,
    cause,
  });

/** Of gRPC: cancelled by ourselves, or nothing that time mends. */
const HOPELESS = new Set([1, 3, 5, 7, 12, 16]);

/** The server does not answer for now: it may be restarting. */
function isOutage(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && !HOPELESS.has(cause.code);
}

/** By a function: it changes while we wait. */
const isOver = (over: AbortSignal): boolean => over.aborted;

/** Never resolves: shows one standing after the other until it is over. */
async function watch(
  options: FollowOptions,
  handle: WorkflowHandle,
  over: AbortSignal,
): Promise<never> {
  const { client, workflowId, taskQueue, ui, view } = options;
  const standing: Standing = { workflowId, progress: null, trouble: null, ui, nowMs: Date.now() };
  let answered: boolean = false;
  while (!over.aborted) {
    try {
      const before = answered;
      const reading: Reading = await untilOver(client, over, () => read(options, handle, before));
      const { served, progress } = reading;
      answered = progress !== null;
      if (progress !== null) standing.progress = progress;
      standing.trouble = served ? null : noWorkerText(taskQueue);
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      standing.trouble = isOutage(error)
        ? 'the Temporal server does not answer; trying again'
        : printable(told);
    }
    if (isOver(over)) break;
    standing.nowMs = Date.now();
    view.show(standing);
    await sleep(view.everyMs, undefined, { signal: over }).catch(() => undefined);
  }
  // The end itself is told by the result.
  return new Promise<never>(() => undefined);
}

interface Reading {
  /** Whether there is a worker. */
  served: boolean;
  progress: LiveProgress | null;
}

/** Asks for a worker first: a query that nobody takes hangs until it times out. */
async function read(
  { client, taskQueue }: FollowOptions,
  handle: WorkflowHandle,
  answered: boolean,
): Promise<Reading> {
  const served = answered || (await hasWorker(client, taskQueue));
  return { served, progress: served ? await liveProgress(handle) : null };
}
