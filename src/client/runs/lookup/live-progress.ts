import type { WorkflowHandle } from '@temporalio/client';
import { QUERY } from '../../../contract/names.ts';
import type { RunProgress } from '../../../contract/run.ts';
import { forecastOf } from '../../../rules/passes/forecast.ts';
import type { PassTracking } from '../../../rules/passes/tracking.ts';
import { readFailureMessage, readPayload, type Reader } from '../../../temporal/data-converter.ts';

/** Progress of a run: the workflow's view, updated by the heartbeat of the step in progress. */
export interface LiveProgress extends RunProgress {
  /** Rows read or written so far, while rows are loaded or results collected. */
  rowsMoved: number | null;
  /** Attempt of the step in progress, if it is not the first. */
  attempt: number;
  /** Error of the previous attempt. */
  lastFailure: string | null;
}

/** State of a run without a worker that answers: from the newest heartbeat of its step. */
export interface LastKnown {
  /** Time of the newest reading of cells, epoch ms; `null` without a reading. */
  asOfMs: number | null;
  /** Cell counts of the newest reading; `null` without one. */
  cells: RunProgress['cells'] | null;
  /** Rows read or written; `null` if the step handles no rows. */
  rowsMoved: number | null;
}

/** Reads the last heartbeat from the server; `null` without one. */
export async function lastKnown(handle: WorkflowHandle): Promise<LastKnown | null> {
  return knownOf(handle.client, await handle.describe());
}

/** Extracts the last heartbeat from a description. */
export async function knownOf(reader: Reader, { raw }: Description): Promise<LastKnown | null> {
  const details = field(await beatOf(reader, raw.pendingActivities?.[0]), 'details');
  const rowsMoved = rowsMovedIn(details);
  if (isTracking(details) && details.last !== null) {
    return { asOfMs: details.lastReadAtMs, cells: cellsIn(details.last), rowsMoved };
  }
  return rowsMoved === null ? null : { asOfMs: null, cells: null, rowsMoved };
}

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

/**
 * Reads the query `progress` and the newest heartbeat. Returns `null` when no worker answers the
 * query.
 */
export async function liveProgress(handle: WorkflowHandle): Promise<LiveProgress | null> {
  const [progress, description] = await Promise.all([queried(handle), handle.describe()]);
  return progress === null ? null : freshen(handle.client, progress, description);
}

/** Time after which a worker has to answer again although the run has not moved, ms. */
const ASK_AGAIN_AFTER_MS = 15_000;

/**
 * Creates `liveProgress` for a reader of one run that reads often. A query is work for a worker: it is
 * sent only when the history has grown, or the last answer is old.
 */
export function progressReader(
  handle: Pick<WorkflowHandle, 'client' | 'describe' | 'query'>,
  askAgainAfterMs = ASK_AGAIN_AFTER_MS,
): () => Promise<LiveProgress | null> {
  let known: { progress: RunProgress; place: string; atMs: number } | null = null;
  return async () => {
    // First: what happens from here on shows at the next time.
    const description = await handle.describe();
    const place = `${description.runId} ${description.historyLength}`;
    const nowMs = performance.now();
    if (known?.place !== place || nowMs - known.atMs > askAgainAfterMs) {
      const progress = await queried(handle);
      known = progress === null ? null : { progress, place, atMs: nowMs };
    }
    return known === null ? null : freshen(handle.client, known.progress, description);
  };
}

const queried = (handle: Pick<WorkflowHandle, 'query'>): Promise<RunProgress | null> =>
  handle.query<RunProgress>(QUERY.progress).catch(() => null);

async function freshen(
  reader: Reader,
  progress: RunProgress,
  description: Description,
): Promise<LiveProgress> {
  const pending = description.raw.pendingActivities?.[0];
  const live: LiveProgress = {
    ...progress,
    rowsMoved: null,
    attempt: pending?.attempt ?? 1,
    lastFailure: await readFailureMessage(reader, pending?.lastFailure),
  };
  const beat = await beatOf(reader, pending);
  const details = field(beat, 'details');
  const calls = field(beat, 'calls');
  const total = field(calls, 'total');
  const polls = field(calls, 'polls');
  if (typeof total === 'number' && typeof polls === 'number') {
    live.apiCalls = {
      total: progress.apiCalls.total + total,
      polls: progress.apiCalls.polls + polls,
    };
  }
  live.rowsMoved = rowsMovedIn(details);
  if (isTracking(details) && details.last !== null) {
    live.asOfMs = details.lastReadAtMs;
    live.cells = cellsIn(details.last);
    Object.assign(live, forecastOf(details, Date.now(), progress.deadlineAtMs));
  }
  return live;
}

type PendingStep = NonNullable<Description['raw']['pendingActivities']>[number];

const beatOf = (reader: Reader, pending: PendingStep | undefined): Promise<unknown> =>
  readPayload(reader, pending?.heartbeatDetails?.payloads?.[0]);

function rowsMovedIn(details: unknown): number | null {
  const moved = field(details, 'rowsLoaded') ?? field(details, 'rowsRead');
  return typeof moved === 'number' ? moved : null;
}

const cellsIn = (last: NonNullable<PassTracking['last']>): RunProgress['cells'] => ({
  total: last.cellsTotal,
  done: last.cellsDone,
  inProgress: last.cellsInProgress,
  failed: last.cellsFailed,
});

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** Detects a heartbeat of `awaitIdle`. */
const isTracking = (value: unknown): value is PassTracking =>
  ['last', 'lastReadAtMs', 'lastChangeAtMs', 'ratePerMs', 'doneAtStart', 'peakInProgress'].every(
    (name) => field(value, name) !== undefined,
  );
