import { z } from 'zod';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** When a pipeline runs by itself. */
export interface PipelineSchedule {
  hour: number;
  minute: number;
  /** IANA name. */
  timezone: string;
  days: Day[];
}

const TIME = /^([01][0-9]|2[0-3]):([0-5][0-9])$/;

export const TIMEZONE_ALLOWED = 'an IANA time zone like Europe/Berlin';

export const scheduleFile = z
  .strictObject({
    at: z
      .string('a time of day like "02:30"')
      .regex(TIME, 'a time of day like "02:30"')
      .describe('Time of day, "HH:MM".'),
    timezone: z.string(TIMEZONE_ALLOWED).optional().describe('IANA time zone. Default UTC.'),
    days: z
      .array(z.enum(DAYS).describe('A day of the week.'))
      .min(1)
      .optional()
      .describe('Days of the week. Default: every day.'),
  })
  .describe('When to run by itself; `rowmill schedule apply` reads it.');

export function scheduleOf(file: z.output<typeof scheduleFile>): PipelineSchedule {
  const [, hour = '0', minute = '0'] = TIME.exec(file.at) ?? [];
  return {
    hour: Number(hour),
    minute: Number(minute),
    timezone: file.timezone ?? 'UTC',
    days: file.days === undefined ? [...DAYS] : DAYS.filter((day) => file.days?.includes(day)),
  };
}

/** Whether this machine knows the zone. */
export function isTimezone(name: string): boolean {
  // Offsets like +02:00 pass Intl but follow no daylight saving time.
  if (/^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
