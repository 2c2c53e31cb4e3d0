import { z } from 'zod';
import { duration } from './scalar-fields.ts';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** Policies for a run that is due while the previous one is in progress; Temporal's names. */
export const OVERLAPS = ['skip', 'buffer_one', 'allow_all'] as const;
export type Overlap = (typeof OVERLAPS)[number];

export interface TimeOfDay {
  hour: number;
  minute: number;
}

/** Times at which a pipeline runs. */
export interface PipelineSchedule {
  /** Times of day, earliest first. */
  times: TimeOfDay[];
  /** IANA name. */
  timezone: string;
  days: Day[];
  /** Maximum random delay of each start, in ms. 0 = none. */
  jitterMs: number;
  overlap: Overlap;
  /** Time after which a missed start (the server was down) is dropped, in ms. */
  catchUpMs: number;
}

const TIME = /^([01][0-9]|2[0-3]):([0-5][0-9])$/;

export const TIMEZONE_ALLOWED = 'an IANA time zone like Europe/Berlin';

const HOUR_MS = 3_600_000;

/** Temporal's default is a year: after an outage every missed run would start at once. */
const CATCH_UP_MS = 6 * HOUR_MS;

const timeOfDay = z.string('a time of day like "02:30"').regex(TIME, 'a time of day like "02:30"');

export const scheduleFile = z
  .strictObject({
    at: z
      .union(
        [timeOfDay, z.array(timeOfDay).min(1).max(24)],
        'a time of day like "02:30", or a list',
      )
      .describe('Time of day, "HH:MM", or several.'),
    timezone: z.string(TIMEZONE_ALLOWED).optional().describe('IANA time zone. Default UTC.'),
    days: z
      .array(z.enum(DAYS).describe('A day of the week.'))
      .min(1)
      .optional()
      .describe('Days of the week. Default: every day.'),
    jitter: duration
      .optional()
      .describe('Starts up to so much later, by chance: many schedules spread. Default none.'),
    overlap: z
      .enum(OVERLAPS)
      .optional()
      .describe('While the run before is in progress: skip (default), buffer_one or allow_all.'),
    catchUp: duration
      .optional()
      .describe(
        'A run missed while the server was down is still started so long after. Default 6h.',
      ),
  })
  .describe('When to run by itself; `rowmill schedule apply` reads it.');

export function scheduleOf(file: z.output<typeof scheduleFile>): PipelineSchedule {
  const texts = typeof file.at === 'string' ? [file.at] : file.at;
  return {
    times: [...new Set(texts)].sort().map(timeOf),
    timezone: file.timezone ?? 'UTC',
    days: file.days === undefined ? [...DAYS] : DAYS.filter((day) => file.days?.includes(day)),
    jitterMs: file.jitter ?? 0,
    overlap: file.overlap ?? 'skip',
    catchUpMs: file.catchUp ?? CATCH_UP_MS,
  };
}

function timeOf(text: string): TimeOfDay {
  const [, hour, minute] = TIME.exec(text) ?? [];
  return { hour: Number(hour), minute: Number(minute) };
}

/**
 * Returns the shortest gap between neighbouring times of day, across midnight; infinite for a
 * single one.
 */
export function shortestGapMs(at: readonly unknown[]): number {
  const known = at.flatMap((text) =>
    typeof text === 'string' && TIME.test(text) ? [timeOf(text)] : [],
  );
  const minutes = [...new Set(known.map(({ hour, minute }) => hour * 60 + minute))];
  minutes.sort((a, b) => a - b);
  const [first] = minutes;
  if (first === undefined || minutes.length === 1) return Number.POSITIVE_INFINITY;
  const next = [...minutes.slice(1), first + 24 * 60];
  return Math.min(...minutes.map((each, at) => (next[at] ?? each) - each)) * 60_000;
}
