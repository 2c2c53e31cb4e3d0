import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { z } from 'zod';
import type { MissedNightInput } from '../../contract/missed-night.ts';
import { MISSED_WHYS, type MissedNight } from '../../contract/notifications.ts';
import type { Folder, Store } from '../../store/store.ts';
import { hasStatus } from '../../temporal/grpc-errors.ts';
import { msOfTimestamp } from '../../temporal/timestamp.ts';
import { ownerOf } from '../runs/lookup/ownership.ts';
import { waitingRuns, type FoundSchedule, type ScheduleInfo } from './describe.ts';
import { jitterOf, scheduledPipeline, scheduledTimes } from './scheduled-times.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Time after which a run that is due counts as not started. */
const GRACE_MS = 10 * MINUTE_MS;
/** Time after which a run that no worker has begun with counts as late. */
const LATE_MS = 30 * MINUTE_MS;
/** Time span in which missed nights are looked for. */
const LOOK_BACK_MS = 7 * DAY_MS;
/** Messages about one schedule at once: the newest nights of a long absence. */
const MAX_NIGHTS = 10;

/** Age up to which missed nights are listed. */
const LISTED_MS = 30 * DAY_MS;

/** File of a pipeline with the nights that workers have noticed. */
const NOTICED_FILE = 'missed-nights.json';

/** State of one schedule, with its missed nights. */
export interface ScheduleDetails extends ScheduleInfo {
  /** The newest ten nights of the last 30 days without a run, or with a late one; oldest first. */
  missedNights: MissedNight[];
}

/** Nights that workers have noticed, and the time up to which they looked; `null`: they did not. */
export interface Noticed {
  untilMs: number | null;
  /** Oldest first. */
  nights: MissedNight[];
}

const noticedShape = z.object({
  untilMs: z.number().nullable().catch(null),
  nights: z
    .array(
      z.object({
        schedule: z.string(),
        dueAt: z.string(),
        why: z.enum(MISSED_WHYS),
        workflowId: z.string().nullable(),
        begunAt: z.string().nullable(),
        command: z.string(),
      }),
    )
    .catch([]),
});

/** Reads what workers have noticed of a schedule, since it was made. */
export async function noticedOf(store: Store, found: FoundSchedule): Promise<Noticed> {
  const folder = folderOf(store, found);
  if (!(await folder.exists(NOTICED_FILE))) return { untilMs: null, nights: [] };
  const read = noticedShape.safeParse(await folder.readJson(NOTICED_FILE));
  const { untilMs, nights } = read.data ?? { untilMs: null, nights: [] };
  const madeAt = found.description.info.createdAt.toISOString();
  return { untilMs, nights: nights.filter(({ dueAt }) => dueAt >= madeAt) };
}

/** Records the nights that a check has noticed, beside those noticed before. */
export const recordNoticed = (
  store: Store,
  found: FoundSchedule,
  before: Noticed,
  now: Noticed & { untilMs: number },
): Promise<void> => {
  const nights = newest([...before.nights, ...now.nights], now.untilMs);
  return folderOf(store, found).writeJson(NOTICED_FILE, { untilMs: now.untilMs, nights });
};

/** Sorts nights by time, each once, and leaves out the oldest. */
function newest(nights: readonly MissedNight[], nowMs: number): MissedNight[] {
  const byTime = new Map(nights.map((night) => [night.dueAt, night]));
  const since = new Date(nowMs - LISTED_MS).toISOString();
  return [...byTime.values()]
    .filter(({ dueAt }) => dueAt >= since)
    .sort((a, b) => a.dueAt.localeCompare(b.dueAt))
    .slice(-MAX_NIGHTS);
}

/**
 * Lists the newest nights of a schedule that were missed, oldest first. They are those that workers
 * have noticed, and those since the last check. A night that was made up for is left out.
 */
export async function listMissedNights(
  client: Client,
  store: Store,
  found: FoundSchedule,
  nowMs = Date.now(),
): Promise<MissedNight[]> {
  const before = await noticedOf(store, found);
  const look = await noticeMissedNights(client, store, found, { nowMs, fromMs: before.untilMs });
  const nights = newest([...before.nights, ...look.nights.map(({ night }) => night)], nowMs);
  const [first] = nights;
  const last = nights.at(-1);
  if (first === undefined || last === undefined) return [];
  const range = { from: new Date(first.dueAt), to: new Date(last.dueAt) };
  const { existing } = await scheduledTimes(client, found, range, store);
  const madeUpFor = new Set(existing.map(({ dueAt }) => dueAt));
  return nights.filter(({ dueAt, why }) => why === 'late' || !madeUpFor.has(dueAt));
}

const folderOf = (store: Store, found: FoundSchedule): Folder =>
  store.pipeline({
    pipeline: scheduledPipeline(found).name,
    owner: ownerOf(found.description.action) ?? null,
  });

interface Look {
  nights: Pick<MissedNightInput, 'night' | 'run'>[];
  /** Time up to which all nights are known; `null`: nothing was looked for. */
  untilMs: number | null;
}

interface LookOptions {
  /** Time up to which nights were looked for before; `null`: none were. */
  fromMs: number | null;
  /** Epoch ms. @default now */
  nowMs?: number;
  /** Time after which a run that no worker has begun with is late. @default 30 min */
  lateMs?: number;
}

/** Looks for nights that have no run, or whose run waited long for a worker. */
export async function noticeMissedNights(
  client: Client,
  store: Store,
  found: FoundSchedule,
  { fromMs: checkedMs, nowMs = Date.now(), lateMs = LATE_MS }: LookOptions,
): Promise<Look> {
  // Runs that wait for the one before to end start later.
  if (waitingRuns(found) > 0) return { nights: [], untilMs: null };
  const toMs = nowMs - GRACE_MS - jitterOf(found);
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
    // The workers poll already: the next check sees when one has begun with it.
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
