import { RowmillError } from '../../errors.ts';
import type { BackfillRange } from './scheduled-times.ts';

/** Time span as written: days (UTC, whole) or times, both included. */
export interface WrittenSpan {
  from: string;
  to: string;
}

/**
 * Parses a span. A last day that is today ends now.
 * @param nameOf Name of a field as the caller wrote it, for errors.
 * @throws RowmillError `usage` for an invalid day or time
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

/** Date.parse accepts 2026-02-30 as a day in March. */
const isRealDay = (day: string): boolean =>
  new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) === day;

/** Limits a last day to now: the end of today is in the future. */
function earlier(end: Date, isDay: boolean): Date {
  const now = new Date();
  const isToday = isDay && end.toISOString().slice(0, 10) === now.toISOString().slice(0, 10);
  return isToday ? now : end;
}
