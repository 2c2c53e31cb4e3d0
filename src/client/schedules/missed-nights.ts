import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import {
  MISSED_NIGHT_WORKFLOW_TYPE,
  missedNightId,
  type MissedNightInput,
} from '../../contract/missed-night.ts';
import { WORKFLOW_TYPE } from '../../contract/names.ts';
import type { NotifyTarget } from '../../contract/notify.ts';
import type { Folder, Store } from '../../store/store.ts';
import { hasStatus } from '../../temporal/grpc-errors.ts';
import { msOfTimestamp } from '../../temporal/timestamp.ts';
import { ownerOf } from '../runs/lookup/owned.ts';
import { findSchedule, startsRuns, waitingRuns, type FoundSchedule } from './describe.ts';
import { jitterOf, scheduledPipeline, scheduledTimes } from './scheduled-times.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Time after which a run that is due counts as not started. */
const GRACE_MS = 10 * MINUTE_MS;
/** Time after which a run that no worker has begun with counts as late. */
const LATE_MS = 30 * MINUTE_MS;
/** How far back nights are looked for at most. */
const LOOK_BACK_MS = 7 * DAY_MS;
/** Messages about one schedule at once: the newest nights of a long absence. */
const MAX_NIGHTS = 10;

/** File of a pipeline with the time up to which its nights were looked for. */
const CHECKED_FILE = 'missed-nights.json';

export interface MissedNightsOptions {
  taskQueue: string;
  /** Epoch ms. @default now */
  nowMs?: number;
  /** Time after which a run that no worker has begun with is late. @default 30 min */
  lateMs?: number;
}

/**
 * Finds nights of the schedules of a task queue that have no run, or whose run waited long for a
 * worker. Starts one workflow for each night, which notifies its receivers once.
 *
 * @returns ids of the workflows that were started
 */
export async function notifyMissedNights(
  client: Client,
  store: Store,
  { taskQueue, nowMs = Date.now(), lateMs = LATE_MS }: MissedNightsOptions,
): Promise<string[]> {
  const started: string[] = [];
  for await (const { scheduleId, action } of client.schedule.list()) {
    if (action !== undefined && action.workflowType !== WORKFLOW_TYPE) continue;
    const found = await findSchedule(client, scheduleId);
    if (found === null || !startsRuns(found.description)) continue;
    if (found.description.action.taskQueue !== taskQueue) continue;
    const targets = targetsOf(found);
    // Runs that wait for the one before to end start later.
    if (targets.length === 0 || waitingRuns(found) > 0) continue;
    const folder = folderOf(store, found);
    const span = {
      fromMs: await checkedUntil(folder),
      toMs: nowMs - GRACE_MS - jitterOf(found),
      lateMs,
    };
    const { nights, untilMs } = await missedIn(client, store, found, span);
    for (const { night, run } of nights) {
      const workflowId = missedNightId(scheduleId, night.dueAt);
      const input = { night, run, targets };
      if (await startOnce(client, workflowId, taskQueue, input)) started.push(workflowId);
    }
    if (untilMs !== null) await folder.writeJson(CHECKED_FILE, { untilMs });
  }
  return started;
}

const targetsOf = (found: FoundSchedule): NotifyTarget[] =>
  (scheduledPipeline(found).notify ?? []).filter(({ on }) => on.includes('missed-night'));

const folderOf = (store: Store, found: FoundSchedule): Folder =>
  store.pipeline({
    pipeline: scheduledPipeline(found).name,
    owner: ownerOf(found.description.action) ?? null,
  });

/** Time up to which nights were looked for; `null`: none were. */
async function checkedUntil(folder: Folder): Promise<number | null> {
  if (!(await folder.exists(CHECKED_FILE))) return null;
  const checked = await folder.readJson(CHECKED_FILE);
  const { untilMs = null } = (checked ?? {}) as { untilMs?: unknown };
  return typeof untilMs === 'number' ? untilMs : null;
}

interface Look {
  nights: Pick<MissedNightInput, 'night' | 'run'>[];
  /** Time up to which all nights are known; `null`: nothing was looked for. */
  untilMs: number | null;
}

async function missedIn(
  client: Client,
  store: Store,
  found: FoundSchedule,
  { fromMs: checkedMs, toMs, lateMs }: { fromMs: number | null; toMs: number; lateMs: number },
): Promise<Look> {
  const { info, state } = found.description;
  const fromMs = Math.max(
    checkedMs ?? 0,
    toMs - LOOK_BACK_MS,
    info.createdAt.getTime(),
    // The times of the schedule may have been others before.
    info.lastUpdatedAt?.getTime() ?? 0,
  );
  if (toMs <= fromMs) return { nights: [], untilMs: null };
  // Nights of a pause are no missed ones.
  if (state.paused) return { nights: [], untilMs: toMs };
  const { scheduleId: schedule } = found.description;
  const range = { from: new Date(fromMs + 1), to: new Date(toMs) };
  const { due, existing } = await scheduledTimes(client, found, range, store);
  const nights: Look['nights'] = due.slice(-MAX_NIGHTS).map((dueAt) => ({
    night: {
      schedule,
      dueAt,
      why: 'not started',
      workflowId: null,
      begunAt: null,
      command: `rowmill schedule backfill ${schedule} --from ${dueAt} --to ${dueAt}`,
    },
    run: null,
  }));
  let untilMs = toMs;
  for (const { dueAt, workflowId } of existing.slice(-MAX_NIGHTS)) {
    const begin = await beginOf(client, workflowId);
    if (begin === null) continue;
    const { begunMs, startedMs, runId } = begin;
    // The workers poll already: the next look sees when one has begun with it.
    if (begunMs === null) untilMs = Math.min(untilMs, Date.parse(dueAt) - 1);
    else if (begunMs - startedMs > lateMs) {
      const begunAt = new Date(begunMs).toISOString();
      const command = `rowmill status ${workflowId}`;
      nights.push({
        night: { schedule, dueAt, why: 'late', workflowId, begunAt, command },
        run: { workflowId, runId },
      });
    }
  }
  return { nights, untilMs };
}

interface Begin {
  runId: string;
  startedMs: number;
  /** Time at which a worker began with it; `null`: none has. */
  begunMs: number | null;
}

/** Reads when the newest execution of an id began; `null`: the server has it no longer. */
async function beginOf(client: Client, workflowId: string): Promise<Begin | null> {
  try {
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId },
      maximumPageSize: FIRST_EVENTS,
    });
    const events = history?.events ?? [];
    const started = events[0]?.workflowExecutionStartedEventAttributes;
    const first = events.find(({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_TASK_STARTED);
    if (started == null) return null;
    return {
      runId: started.originalExecutionRunId ?? '',
      startedMs: msOfTimestamp(events[0]?.eventTime) ?? 0,
      begunMs: first === undefined ? null : (msOfTimestamp(first.eventTime) ?? 0),
    };
  } catch (error) {
    if (hasStatus(error, 'NOT_FOUND')) return null;
    throw error;
  }
}

/** The start, the first workflow task, and signals before it. */
const FIRST_EVENTS = 20;

const { EVENT_TYPE_WORKFLOW_TASK_STARTED } = proto.temporal.api.enums.v1.EventType;

/** Starts the workflow of a night; `false`: there is, or was, one. */
async function startOnce(
  client: Client,
  workflowId: string,
  taskQueue: string,
  input: MissedNightInput,
): Promise<boolean> {
  try {
    await client.workflow.start(MISSED_NIGHT_WORKFLOW_TYPE, {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `Missed night of ${input.night.schedule}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
