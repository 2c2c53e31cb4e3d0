import type { ClockChangeDay } from '../../../client/schedules/index.ts';

/** What Temporal does was measured: a time that does not exist has no run, a repeated one has one. */
export function oddDayText({ date, time, what }: ClockChangeDay, timezone: string): string {
  const at = [time.hour, time.minute].map((part) => String(part).padStart(2, '0')).join(':');
  return what === 'does not exist'
    ? `on ${date} there is no ${at} in ${timezone}: no run that day; another time of day would have one`
    : `on ${date} it is ${at} twice in ${timezone}: one run, the second time`;
}
