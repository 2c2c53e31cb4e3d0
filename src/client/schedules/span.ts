import { RowmillError } from '../../errors.ts';
import type { BackfillRange } from './backfill.ts';

/** A span of time as written: days (in UTC, whole) or times, both included. */
export interface WrittenSpan {
  from: string;
  to: string;
}

/**
 * The moments of a span. A last day that is today ends now.
 * @param nameOf What the two are called where they were written, for errors.
 * @throws RowmillError `usage` for what is no day and no time
 */
export const readSpan = (
  { from, to }: WrittenSpan,
  nameOf: (edge: keyof WrittenSpan) => string,
): BackfillRange => ({
  from: momentOf(from, '00:00:00', nameOf('from')),
  to: earlier(momentOf(to, '23:59:59', nameOf('to')), DAY.test(to)),
});

const DAY = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function momentOf(text: string, timeOfDay: string, where: string): Date {
  const isDay = DAY.test(text);
  const ms = isDay || TIME.test(text) ? Date.parse(isDay ? `${text}T${timeOfDay}Z` : text) : NaN;
  if (!Number.isNaN(ms) && isRealDay(text.slice(0, 10))) return new Date(ms);
  throw new RowmillError('usage', `"${text.slice(0, 40)}" is no day and no time`, {
    where,
    remedy: 'Give a day like 2026-01-29 (UTC), or a time like 2026-01-29T02:30:00Z.',
  });
}

/** Date.parse takes 2026-02-30 for a day in March. */
const isRealDay = (day: string): boolean =>
  new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) === day;

/** The end of today has not come yet. */
function earlier(end: Date, isDay: boolean): Date {
  const now = new Date();
  const isToday = isDay && end.toISOString().slice(0, 10) === now.toISOString().slice(0, 10);
  return isToday ? now : end;
}
