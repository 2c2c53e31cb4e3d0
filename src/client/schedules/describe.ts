import {
  type Client,
  type ScheduleDescription,
  type ScheduleExecutionResult,
  ScheduleNotFoundError,
  type ScheduleHandle,
} from '@temporalio/client';
import { MEMO_FILE, MEMO_SCHEDULE, WORKFLOW_TYPE } from '../../contract/names.ts';
import type { PipelineSchedule } from '../../spec/index.ts';
import { RowmillError } from '../../errors.ts';
import { toRunInfo, type RunInfo, type RawRun } from '../runs/lookup/list.ts';
import { describeRun } from '../runs/lookup/describe.ts';
import { isSeen } from '../runs/lookup/ownership.ts';
import { clockChangeDays, type ClockChangeDay } from './clock-changes.ts';
import { idempotentRuns } from './idempotent-run.ts';

/** Run of a schedule. */
export interface ScheduledRun {
  /** Time it was due, or was started with a key, ISO 8601. */
  dueAt: string;
  /** State of the run; `null` when it has expired. */
  run: RunInfo | null;
  workflowId: string;
}

/** State of a schedule. Times are ISO 8601. */
export interface ScheduleInfo {
  name: string;
  /** Path of the pipeline file as given to `apply`; else `sent by <owner>`. */
  file: string | null;
  schedule: PipelineSchedule | null;
  paused: boolean;
  /** Note of the operator who paused or resumed the schedule. */
  note: string | null;
  taskQueue: string;
  /** Number of runs started so far, without those started with a key. */
  started: number;
  /** Number of runs skipped because the previous one was in progress. */
  skippedByOverlap: number;
  /** Number of runs missed because the server was down for longer than `catchUp`. */
  missed: number;
  /** Next times; empty if there are no more, or the schedule is paused. */
  next: string[];
  /** Workflow ids of the runs in progress. */
  running: string[];
  /** Newest runs, newest first. */
  recent: ScheduledRun[];
  /** Days within the next year on which a change of the clock skips the time or shows it twice. */
  clockChangeDays: ClockChangeDay[];
}

/** Lists the schedules that start rowmill runs, by name, each with its newest run. */
export async function listSchedules(client: Client, owner?: string): Promise<ScheduleInfo[]> {
  const all: ScheduleInfo[] = [];
  for await (const { scheduleId, action } of client.schedule.list()) {
    // The server's list lags: a new schedule may have no action yet.
    if (action !== undefined && action.workflowType !== WORKFLOW_TYPE) continue;
    const found = await findSchedule(client, scheduleId);
    if (
      found !== null &&
      startsRuns(found.description) &&
      isSeen(found.description.action, owner)
    ) {
      all.push(await toScheduleInfo(client, found.description, 1));
    }
  }
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Describes a schedule with its newest runs. @throws RowmillError `schedule_not_found` */
export async function describeSchedule(client: Client, name: string): Promise<ScheduleInfo> {
  return describeFound(client, await requireSchedule(client, name));
}

/** Describes a schedule that was found, with its newest runs. */
export const describeFound = (
  client: Client,
  { description }: FoundSchedule,
): Promise<ScheduleInfo> => toScheduleInfo(client, description, RUNS_SHOWN);

/** The server lists ten. */
const RUNS_SHOWN = 10;

async function toScheduleInfo(
  client: Client,
  description: ScheduleDescription,
  runs: number,
): Promise<ScheduleInfo> {
  const { action, state, info, scheduleId } = description;
  const schedule = scheduleIn(description);
  const ofSchedule = info.recentActions.slice(-runs).map((taken) => scheduledRun(client, taken));
  const byKey = (await idempotentRuns(client, scheduleId, { max: runs })).map(({ raw }) =>
    idempotentRun(raw),
  );
  const newest = [...(await Promise.all(ofSchedule)), ...byKey]
    .sort((a, b) => b.dueAt.localeCompare(a.dueAt))
    .slice(0, runs);
  const inProgress = byKey.filter(({ run }) => run?.status === 'RUNNING');
  return {
    name: scheduleId,
    file: fileIn(description),
    schedule,
    paused: state.paused,
    // The server returns an empty note if none was given.
    note: state.note || null,
    taskQueue: action.taskQueue,
    started: info.numActionsTaken,
    skippedByOverlap: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
    next: info.nextActionTimes.map((time) => time.toISOString()),
    running: [...info.runningActions.map(({ workflow }) => workflow), ...inProgress].map(
      ({ workflowId }) => workflowId,
    ),
    recent: newest,
    clockChangeDays: schedule === null ? [] : clockChangeDays(schedule, Date.now()),
  };
}

function idempotentRun(raw: RawRun): ScheduledRun {
  const run = toRunInfo(raw);
  return { dueAt: run.startedAt, workflowId: run.workflowId, run };
}

async function scheduledRun(
  client: Client,
  { scheduledAt, action }: ScheduleExecutionResult,
): Promise<ScheduledRun> {
  const { workflowId, firstExecutionRunId } = action.workflow;
  const described = await describeRun(client, workflowId, firstExecutionRunId).catch(() => null);
  return {
    dueAt: scheduledAt.toISOString(),
    workflowId,
    run: described === null ? null : toRunInfo(described.raw.workflowExecutionInfo),
  };
}

const fileIn = ({ action }: ScheduleDescription): string | null => {
  const file = action.memo?.[MEMO_FILE];
  return typeof file === 'string' ? file : null;
};

/** Safe cast: `applySchedule` wrote the schedule. */
export const scheduleIn = ({ action }: ScheduleDescription): PipelineSchedule | null =>
  (action.memo?.[MEMO_SCHEDULE] as PipelineSchedule | undefined) ?? null;

export interface FoundSchedule {
  handle: ScheduleHandle;
  description: ScheduleDescription;
}

/** Finds the schedule of this name, of any owner; `null` without one. */
export async function findSchedule(client: Client, name: string): Promise<FoundSchedule | null> {
  const handle = client.schedule.getHandle(name);
  try {
    return { handle, description: await handle.describe() };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/** Checks whether the schedule starts rowmill runs. */
export const startsRuns = ({ action }: Pick<ScheduleDescription, 'action'>): boolean =>
  action.workflowType === WORKFLOW_TYPE;

/**
 * Returns the schedule. @throws RowmillError `schedule_not_found`, also for a schedule of another
 * workflow type
 */
export async function requireSchedule(
  client: Client,
  name: string,
  owner?: string,
): Promise<FoundSchedule> {
  const found = await findSchedule(client, name);
  if (found !== null && startsRuns(found.description) && isSeen(found.description.action, owner)) {
    return found;
  }
  throw new RowmillError('schedule_not_found', 'there is no such schedule', {
    where: `schedule ${name}`,
  });
}

/** Counts the runs that wait for earlier ones to end. The server does not report their times. */
export const waitingRuns = ({ description }: FoundSchedule): number =>
  Number(String(description.raw.info?.bufferSize ?? 0));
