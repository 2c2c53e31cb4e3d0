import type { CalendarSpec, ScheduleOptions } from '@temporalio/client';
import { MEMO_FILE, MEMO_SCHEDULE, WORKFLOW_TYPE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import type { Day, LoadedPipeline, Overlap, PipelineSchedule } from '../../spec/index.ts';
import { ownedMemo, withOwner } from '../runs/lookup/ownership.ts';
import { initialSearchAttributes, staticDetails, staticSummary } from '../runs/metadata.ts';

const DAY = {
  mon: 'MONDAY',
  tue: 'TUESDAY',
  wed: 'WEDNESDAY',
  thu: 'THURSDAY',
  fri: 'FRIDAY',
  sat: 'SATURDAY',
  sun: 'SUNDAY',
} as const satisfies Record<Day, string>;

const OVERLAP = {
  skip: 'SKIP',
  buffer_one: 'BUFFER_ONE',
  allow_all: 'ALLOW_ALL',
} as const satisfies Record<Overlap, string>;

/** Each start carries the input; Temporal accepts 2 MiB per payload. */
const MAX_INPUT_BYTES = 256 * 1024;

export interface SchedulePlan extends Required<Pick<ScheduleOptions, 'spec' | 'policies'>> {
  scheduleId: string;
  action: Extract<ScheduleOptions['action'], { type: 'startWorkflow' }>;
}

export interface PlanOptions {
  taskQueue: string;
  /** True if the server has rowmill's search attributes. */
  searchAttributes: boolean;
  /** Pipeline file or sender that the schedule belongs to. @default the pipeline file */
  madeFrom?: string;
  /** Owner of its runs. @default none */
  owner?: string | undefined;
}

/** Pipeline and schedule to plan. */
export type PreparedSchedule = Pick<LoadedPipeline, 'pipeline' | 'schedule' | 'file'>;

type Planned = Required<Pick<LoadedPipeline, 'pipeline' | 'schedule'>>;

/**
 * Converts a pipeline file with a `schedule` block to a Temporal schedule. The schedule has calendars
 * with a time zone, and runs without rows: the worker reads them at the start.
 *
 * @throws RowmillError `usage` for a pipeline that cannot be scheduled
 */
export function planOf(loaded: PreparedSchedule, options: PlanOptions): SchedulePlan {
  const { pipeline, schedule } = refuseUnplanned(loaded);
  const subject = { pipeline, rows: null };
  return {
    scheduleId: pipeline.name,
    spec: {
      calendars: schedule.times.map((time) => calendarOf(time, schedule)),
      timezone: schedule.timezone,
      jitter: schedule.jitterMs,
    },
    policies: {
      overlap: OVERLAP[schedule.overlap],
      catchupWindow: schedule.catchUpMs,
      // A failed night must not stop the next one.
      pauseOnFailure: false,
    },
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOW_TYPE,
      // Temporal appends the scheduled time: sp500-profile-2026-01-31T01:30:00Z
      workflowId: pipeline.name,
      taskQueue: options.taskQueue,
      args: [{ pipeline }],
      memo: {
        [MEMO_FILE]: options.madeFrom ?? loaded.file,
        [MEMO_SCHEDULE]: schedule,
        ...ownedMemo(options),
      },
      staticSummary: staticSummary(subject),
      staticDetails: staticDetails(subject),
      ...(options.searchAttributes
        ? { typedSearchAttributes: withOwner(initialSearchAttributes(subject), options.owner) }
        : {}),
    },
  };
}

/** Rejects a pipeline that cannot be scheduled. @throws RowmillError `usage` */
export function refuseUnplanned({ pipeline, schedule, file }: PreparedSchedule): Planned {
  if (schedule === undefined) throw unplanned(file, 'the file has no `schedule`', ADD);
  if (pipeline.rows.source.type === 'stdin') {
    const remedy = 'Name a file in `rows.from` that the worker can read.';
    throw unplanned(file, 'a scheduled run has no standard input', remedy);
  }
  const bytes = Buffer.byteLength(JSON.stringify(pipeline));
  if (bytes > MAX_INPUT_BYTES) {
    const what = `the pipeline with its rows has ${Math.ceil(bytes / 1024)} KiB, at most 256 KiB are kept`;
    throw unplanned(file, what, 'Put the rows into a file and name it in `rows.from`.');
  }
  return { pipeline, schedule };
}

const ADD = 'Add one: schedule: { at: "02:30", timezone: Europe/Berlin }';

const calendarOf = (
  { hour, minute }: PipelineSchedule['times'][number],
  { days }: PipelineSchedule,
): CalendarSpec => ({ hour, minute, dayOfWeek: days.map((day) => DAY[day]) });

const unplanned = (file: string, what: string, remedy: string): RowmillError =>
  new RowmillError('usage', what, { where: file, remedy });
