import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, fromPayloadsAtIndex } from '@temporalio/common';
import { QUERY } from '../contract/names.ts';
import type { RunProgress } from '../contract/run.ts';
import { timeLeftMs, type Watch } from '../rules/watch.ts';

/** A run as it stands now: the workflow's own view, made fresher by the step under way. */
export interface LiveProgress extends RunProgress {
  /** Rows read or written so far, while rows are loaded or collected. */
  rowsMoved: number | null;
  /** Attempt of the step under way, when it is not the first: something went wrong before. */
  attempt: number;
  /** Error of the attempt before. */
  lastFailure: string | null;
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
  // A worker of an older version does not say.
  const { usage = null } = progress as Partial<RunProgress>;
  const live: LiveProgress = {
    ...progress,
    usage,
    rowsMoved: null,
    attempt: pending?.attempt ?? 1,
    lastFailure: pending?.lastFailure?.message ?? null,
  };
  const beat = fromPayloadsAtIndex<unknown>(
    defaultPayloadConverter,
    0,
    pending?.heartbeatDetails?.payloads,
  );
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
  const moved = field(details, 'rowsLoaded') ?? field(details, 'rowsRead');
  if (typeof moved === 'number') live.rowsMoved = moved;
  if (isWatch(details) && details.last !== null) {
    live.asOfMs = details.lastReadAtMs;
    live.cells = {
      total: details.last.cellsTotal,
      done: details.last.cellsDone,
      inProgress: details.last.cellsInProgress,
      failed: details.last.cellsFailed,
    };
    live.cellsPerMinute = details.ratePerMs === 0 ? null : details.ratePerMs * 60_000;
    live.leftMs = timeLeftMs(details);
  }
  return live;
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** A heartbeat of `awaitIdle`; of an older worker it may lack fields, and is left alone then. */
const isWatch = (value: unknown): value is Watch =>
  ['last', 'lastReadAtMs', 'ratePerMs', 'doneAtStart', 'peakInProgress'].every(
    (name) => field(value, name) !== undefined,
  );
