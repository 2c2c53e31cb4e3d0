import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { RunSummary } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import { isOutage } from '../../temporal/grpc-errors.ts';
import { untilOver } from '../../temporal/sdk-workarounds.ts';
import { errorOfServer } from '../../temporal/server-error.ts';
import { noWorkerText, workerAvailability } from '../../temporal/task-queue.ts';
import { errorOfRun } from './lookup/errors.ts';
import {
  lastKnown,
  progressReader,
  type LastKnown,
  type LiveProgress,
} from './lookup/live-progress.ts';

/** Result of one poll of a run in progress. */
export interface ProgressUpdate {
  /** Newest known progress; `null` before the first. */
  progress: LiveProgress | null;
  /** Last heartbeat, if no worker has answered yet. */
  lastKnown: LastKnown | null;
  /** Problem that keeps newer progress away: no worker, no server. */
  warning: string | null;
}

export interface WatchOptions {
  client: Client;
  workflowId: string;
  runId: string;
  taskQueue: string;
  /** Time between two polls, in ms. */
  intervalMs: number;
  /** Ends the generator, not the run. */
  signal?: AbortSignal | undefined;
  /**
   * Resolves with an error when the embedded worker or server is lost; undefined for an external
   * one.
   */
  broken?: Promise<RowmillError> | undefined;
}

const TRY_AGAIN_AFTER_MS = 1_000;

/**
 * Watches a run until it ends, through restarts of worker and server, and returns its summary;
 * `null` if the signal fired first.
 * @throws RowmillError with the code the run failed with, or `run_not_found`
 */
export async function* watchRun(
  options: WatchOptions,
): AsyncGenerator<ProgressUpdate, RunSummary | null> {
  const over = new AbortController();
  const finish = endOf(options, over.signal).finally(() => over.abort());
  // The race below reports a rejection; one after the end is ignored.
  finish.catch(() => undefined);
  const ended = finish.then(() => null);
  ended.catch(() => undefined);
  // Without a run id, the handle addresses the newest execution of a run that continued as new.
  const handle = options.client.workflow.getHandle(options.workflowId);
  const progress = progressReader(handle);
  let before: PollResult = { progress: null, lastKnown: null, warning: null, answered: false };
  try {
    for (;;) {
      const seen = await Promise.race([
        ended,
        poll(options, { handle, progress }, before, over.signal),
      ]);
      if (seen === null || over.signal.aborted) return await finish;
      before = seen;
      yield { progress: seen.progress, lastKnown: seen.lastKnown, warning: seen.warning };
      await sleep(options.intervalMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  } finally {
    over.abort();
  }
}

/**
 * Waits for the end of a run, through restarts of the server; `null` if the signal fired first.
 * @throws RowmillError as `watchRun`
 */
export async function endOfRun(
  options: Omit<WatchOptions, 'intervalMs' | 'taskQueue'>,
): Promise<RunSummary | null> {
  const over = new AbortController();
  try {
    return await endOf(options, over.signal);
  } finally {
    over.abort();
  }
}

function endOf(
  { client, workflowId, runId, signal, broken }: Omit<WatchOptions, 'intervalMs' | 'taskQueue'>,
  over: AbortSignal,
): Promise<RunSummary | null> {
  const ended = untilOver(client, over, () =>
    resultOf(client.workflow.getHandle<Run>(workflowId, runId), over),
  );
  ended.catch(() => undefined);
  const left = new Promise<null>((resolve) => {
    if (signal?.aborted === true) resolve(null);
    signal?.addEventListener('abort', () => resolve(null), { once: true });
  });
  return Promise.race([
    ended,
    left,
    ...(broken === undefined ? [] : [broken.then((error) => Promise.reject(error))]),
  ]);
}

type Run = (input: unknown) => Promise<RunSummary>;

async function resultOf(handle: WorkflowHandle<Run>, over: AbortSignal): Promise<RunSummary> {
  for (;;) {
    try {
      return await handle.result();
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw errorOfRun(error, handle.workflowId);
      if (error instanceof WorkflowNotFoundError) throw gone(handle.workflowId, error);
      if (!isOutage(error) || over.aborted) throw error;
      await sleep(TRY_AGAIN_AFTER_MS);
    }
  }
}

const gone = (workflowId: string, cause: unknown): RowmillError =>
  new RowmillError('run_not_found', 'the server does not know the run any more', {
    where: `run ${workflowId}`,
    cause,
  });

interface PollResult extends ProgressUpdate {
  /** True if a worker answered this poll. */
  answered: boolean;
}

/** Polls once. Never rejects: a failure becomes a warning beside the last known progress. */
async function poll(
  { client, taskQueue, broken }: WatchOptions,
  run: { handle: WorkflowHandle; progress: () => Promise<LiveProgress | null> },
  before: PollResult,
  over: AbortSignal,
): Promise<PollResult> {
  const silent = { progress: before.progress, lastKnown: before.lastKnown, answered: false };
  try {
    return await untilOver(client, over, async () => {
      // Checks for a worker first: a query without a worker waits until it times out.
      const served = before.answered ? 'yes' : await workerAvailability(client, taskQueue);
      const progress = served === 'no' ? null : await run.progress();
      if (progress !== null) return { progress, lastKnown: null, warning: null, answered: true };
      // An embedded worker is about to poll; its loss would be reported through `broken`.
      const expected = served === 'yes' || broken !== undefined;
      if (before.progress === null) silent.lastKnown = await lastKnown(run.handle);
      return { ...silent, warning: expected ? null : noWorkerText(taskQueue) };
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const reported = errorOfServer(error)?.what ?? said;
    const warning = isOutage(error)
      ? 'the Temporal server does not answer; trying again'
      : reported;
    return { ...silent, warning };
  }
}
