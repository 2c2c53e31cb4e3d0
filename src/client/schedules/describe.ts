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
import { toRunInfo, type RunInfo, type RawRun } from '../runs/list.ts';
import { describeRun } from '../runs/describe.ts';
import { isSeen } from '../runs/owned.ts';
import { clockChangeDays, type ClockChangeDay } from './clock-changes.ts';
import { idempotentRuns } from './idempotent-run.ts';

/** One run of a schedule. */
export interface ScheduledRun {
  /** When it was due, or asked for by a key, ISO 8601. */
  dueAt: string;
  /** State of the run; `null` when it has expired. */
  run: RunInfo | null;
  workflowId: string;
}

/** How a schedule stands. Times are ISO 8601. */
export interface ScheduleInfo {
  name: string;
  /** The pipeline file it was made from, where `apply` was carried out; else `sent by <owner>`. */
  file: string | null;
  schedule: PipelineSchedule | null;
  paused: boolean;
  /** Of the operator who paused or resumed it. */
  note: string | null;
  taskQueue: string;
  /** Runs started so far, but for those that were asked for by a key. */
  started: number;
  /** Not started because the run before was under way. */
  skippedByOverlap: number;
  /** Not started because the server was down for longer than `catchUp`. */
  missed: number;
  /** Empty while it is paused for ever, or has no more times. */
  next: string[];
  /** Under way now. */
  running: string[];
  /** Newest first. */
  recent: ScheduledRun[];
  /** Within the next year: days on which the clock leaves the time out or shows it twice. */
  clockChangeDays: ClockChangeDay[];
}

/** All schedules that start runs of ours, by name; each with its newest run. */
export async function listSchedules(client: Client, owner?: string): Promise<ScheduleInfo[]> {
  const all: ScheduleInfo[] = [];
  for await (const { scheduleId, action } of client.schedule.list()) {
    // The list lags behind: one that was just made may come without its action.
    if (action !== undefined && action.workflowType !== WORKFLOW_TYPE) continue;
    const found = await findSchedule(client, scheduleId);
    if (found !== null && isOurs(found.description) && isSeen(found.description.action, owner)) {
      all.push(await toScheduleInfo(client, found.description, 1));
    }
  }
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One schedule with its newest runs. @throws RowmillError `schedule_not_found` */
export async function describeSchedule(client: Client, name: string): Promise<ScheduleInfo> {
  const { description } = await requireSchedule(client, name);
  return toScheduleInfo(client, description, RUNS_SHOWN);
}

/** The server remembers ten. */
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
  const underWay = byKey.filter(({ run }) => run?.status === 'RUNNING');
  return {
    name: scheduleId,
    file: fileIn(description),
    schedule,
    paused: state.paused,
    // Never given, the server says it is empty.
    note: state.note || null,
    taskQueue: action.taskQueue,
    started: info.numActionsTaken,
    skippedByOverlap: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
    next: info.nextActionTimes.map((time) => time.toISOString()),
    running: [...info.runningActions.map(({ workflow }) => workflow), ...underWay].map(
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

/** Written by `applySchedule` in this shape. */
export const scheduleIn = ({ action }: ScheduleDescription): PipelineSchedule | null =>
  (action.memo?.[MEMO_SCHEDULE] as PipelineSchedule | undefined) ?? null;

export interface FoundSchedule {
  handle: ScheduleHandle;
  description: ScheduleDescription;
}

/** The schedule of this name, whosever it is; `null` when there is none. */
export async function findSchedule(client: Client, name: string): Promise<FoundSchedule | null> {
  const handle = client.schedule.getHandle(name);
  try {
    return { handle, description: await handle.describe() };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/** Whether it starts runs of ours. */
export const isOurs = ({ action }: Pick<ScheduleDescription, 'action'>): boolean =>
  action.workflowType === WORKFLOW_TYPE;

/** @throws RowmillError `schedule_not_found`, also for a schedule of something else */
export async function requireSchedule(
  client: Client,
  name: string,
  owner?: string,
): Promise<FoundSchedule> {
  const found = await findSchedule(client, name);
  if (found !== null && isOurs(found.description) && isSeen(found.description.action, owner)) {
    return found;
  }
  throw new RowmillError('schedule_not_found', 'there is no such schedule', {
    where: `schedule ${name}`,
  });
}

/** Runs that wait until those before them have ended. The server does not report their times. */
export const waitingRuns = ({ description }: FoundSchedule): number =>
  Number(String(description.raw.info?.bufferSize ?? 0));
