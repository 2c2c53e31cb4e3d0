import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, fromPayloadsAtIndex } from '@temporalio/common';
import { QUERY } from '../../contract/names.ts';
import type { RunProgress } from '../../contract/run.ts';
import { forecastOf } from '../../rules/forecast.ts';
import type { PassTracking } from '../../rules/tracking.ts';

/** A run as it stands now: the workflow's own view, made fresher by the step under way. */
export interface LiveProgress extends RunProgress {
  /** Rows read or written so far, while rows are loaded or collected. */
  rowsMoved: number | null;
  /** Attempt of the step under way, when it is not the first: something went wrong before. */
  attempt: number;
  /** Error of the attempt before. */
  lastFailure: string | null;
}

/** What the server knows of a run when no worker answers: by the newest heartbeat of the step under way. */
export interface LastKnown {
  /** Epoch ms of the newest reading of cells; `null` where rows move, or nothing was read. */
  asOfMs: number | null;
  /** `null` unless cells were read. */
  cells: RunProgress['cells'] | null;
  /** Rows read or written; `null` unless rows moved. */
  rowsMoved: number | null;
}

/** Reads what the last worker had sent to the server; `null` where it had sent nothing. */
export async function lastKnown(handle: WorkflowHandle): Promise<LastKnown | null> {
  return knownOf(await handle.describe());
}

/** The same of a run that was described already. */
export function knownOf({ raw }: Description): LastKnown | null {
  const details = field(beatOf(raw.pendingActivities?.[0]), 'details');
  const rowsMoved = rowsMovedIn(details);
  if (isWatch(details) && details.last !== null) {
    return { asOfMs: details.lastReadAtMs, cells: cellsIn(details.last), rowsMoved };
  }
  return rowsMoved === null ? null : { asOfMs: null, cells: null, rowsMoved };
}

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

/**
 * Reads the query `progress` and the newest heartbeat. `null` when no worker answers the query (the
 * run waits for one).
 */
export async function liveProgress(handle: WorkflowHandle): Promise<LiveProgress | null> {
  const [progress, description] = await Promise.all([
    handle.query<RunProgress>(QUERY.progress).catch(() => null),
    handle.describe(),
  ]);
  return progress === null ? null : freshen(progress, description);
}

function freshen(progress: RunProgress, description: Description): LiveProgress {
  const pending = description.raw.pendingActivities?.[0];
  const live: LiveProgress = {
    ...progress,
    rowsMoved: null,
    attempt: pending?.attempt ?? 1,
    lastFailure: pending?.lastFailure?.message ?? null,
  };
  const beat = beatOf(pending);
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
  if (isWatch(details) && details.last !== null) {
    live.asOfMs = details.lastReadAtMs;
    live.cells = cellsIn(details.last);
    Object.assign(live, forecastOf(details, Date.now(), progress.deadlineAtMs));
  }
  return live;
}

type PendingStep = NonNullable<Description['raw']['pendingActivities']>[number];

const beatOf = (pending: PendingStep | undefined): unknown =>
  fromPayloadsAtIndex<unknown>(defaultPayloadConverter, 0, pending?.heartbeatDetails?.payloads);

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

/** Whether it is a heartbeat of `awaitIdle`. */
const isWatch = (value: unknown): value is PassTracking =>
  ['last', 'lastReadAtMs', 'lastChangeAtMs', 'ratePerMs', 'doneAtStart', 'peakInProgress'].every(
    (name) => field(value, name) !== undefined,
  );
