import { z } from 'zod';
import { MISSED_WHYS } from '../../contract/notifications.ts';
import { DAYS, OVERLAPS } from '../../spec/index.ts';
import { runInfo } from './responses.ts';
import { idempotencyKey, NAME, PIPELINE, pipelineField } from './requests.ts';

/** Request and response schemas of schedules; see requests.ts and responses.ts. */

const name = z.string().regex(NAME).describe('Name of the pipeline.');

export const schedulePath = z.strictObject({ name: name.meta({ example: 'sectors' }) });

export const scheduleBody = z
  .strictObject({
    pipeline: pipelineField,
    owner: z
      .string('required: who keeps this schedule')
      .regex(/^[\x21-\x7e]([\x20-\x7e]{0,98}[\x21-\x7e])?$/, 'plain text of 1 to 100 characters')
      .describe(
        'Who keeps this schedule, like the name of the service. That of another owner, or of a file, is 409.',
      ),
    replace: z
      .boolean()
      .optional()
      .describe('Takes over a schedule of this name that is of another owner, or of a file.'),
  })
  .meta({
    id: 'PutSchedule',
    example: {
      pipeline: { ...PIPELINE, schedule: { at: '02:30', timezone: 'Europe/Berlin' } },
      owner: 'billing',
    },
  });

export const noteQuery = z.strictObject({
  note: z.string().min(1).max(200).optional().describe('Reason, shown to operators.'),
});

export const triggerHeaders = z.looseObject({
  'idempotency-key': idempotencyKey
    .optional()
    .describe('What the caller calls this run. Without one each request starts a run.'),
});

const moment = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/,
    'a day like 2026-01-29 (UTC), or a time like 2026-01-29T02:30:00Z',
  );

export const backfillBody = z
  .strictObject({
    from: moment.describe('First day (in UTC), or time.').meta({ example: '2026-01-29' }),
    to: moment.describe('Last day (to its end), or time.').meta({ example: '2026-01-31' }),
    maxRuns: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe('More runs than this are refused; 31 when it is left out.'),
  })
  .meta({ id: 'Backfill' });

const timeOfDay = z.object({ hour: z.number(), minute: z.number() });

const scheduledRun = z.object({
  dueAt: z.iso.datetime(),
  id: z.string(),
  run: runInfo.nullable().describe('null: the run has expired on the server.'),
});

export const schedule = z
  .object({
    name,
    file: z.string().nullable().describe('The pipeline file it is of, or `sent by <owner>`.'),
    schedule: z
      .object({
        times: z.array(timeOfDay),
        timezone: z.string(),
        days: z.array(z.enum(DAYS)),
        jitterMs: z.number(),
        overlap: z.enum(OVERLAPS),
        catchUpMs: z.number(),
      })
      .nullable(),
    paused: z.boolean(),
    note: z.string().nullable().describe('Note of the operator who paused or resumed it.'),
    taskQueue: z.string(),
    started: z.number().describe('Runs so far.'),
    skippedByOverlap: z.number().describe('Not started: the run before was in progress.'),
    missed: z.number().describe('Not started: the server was down for too long.'),
    next: z.array(z.iso.datetime()),
    running: z.array(z.string()).describe('Ids of the runs in progress.'),
    recent: z.array(scheduledRun).describe('Newest first.'),
    missedNights: z
      .array(
        z.object({
          schedule: z.string(),
          dueAt: z.iso.datetime(),
          why: z.enum(MISSED_WHYS),
          workflowId: z.string().nullable().describe('Run of the night; null: there is none.'),
          begunAt: z.iso.datetime().nullable().describe('When a worker began with it.'),
          command: z.string().describe('Starts the night, or shows its run.'),
        }),
      )
      .optional()
      .describe('Of one schedule: nights of the last 30 days without a run, or with a late one.'),
    clockChangeDays: z
      .array(z.object({ date: z.string(), time: timeOfDay, what: z.string() }))
      .describe('Within a year: the clock leaves the time out, or shows it twice.'),
  })
  .meta({ id: 'Schedule' });

export const scheduleList = z.object({ schedules: z.array(schedule) }).meta({ id: 'ScheduleList' });

export const appliedSchedule = z
  .object({
    name,
    done: z.enum(['created', 'updated', 'unchanged']),
    changed: z.array(z.string()).describe('`schedule`, `pipeline`, `queue`, `file`.'),
    schedule,
  })
  .meta({ id: 'AppliedSchedule' });

export const heldSchedule = z.object({ name, paused: z.boolean() }).meta({ id: 'HeldSchedule' });

export const deletedSchedule = z
  .object({
    name,
    droppedRuns: z.number().describe('Runs that waited to start, and went with it.'),
  })
  .meta({ id: 'DeletedSchedule' });

export const triggered = z
  .object({
    name,
    id: z.string().describe('Of the run.'),
    attached: z.boolean().describe('It was there already, by this key.'),
    links: z.object({ self: z.string(), events: z.string(), results: z.string() }),
  })
  .meta({ id: 'Triggered' });

export const backfilled = z
  .object({
    name,
    started: z.array(z.iso.datetime()).describe('Times that get their run, one after the other.'),
    existing: z
      .array(z.object({ dueAt: z.iso.datetime(), id: z.string() }))
      .describe('Times that had theirs.'),
  })
  .meta({ id: 'Backfilled' });
