import type { PipelineSchedule, TimeOfDay } from '../../spec/index.ts';

/** Day on which a change of the clock skips a scheduled time or shows it twice. */
export interface ClockChangeDay {
  /** 2026-03-29 */
  date: string;
  time: TimeOfDay;
  what: 'does not exist' | 'comes twice';
}

const DAY_MS = 86_400_000;
const AHEAD_MS = 400 * DAY_MS;

/**
 * Lists the days within the next year on which a change of the clock affects the scheduled times.
 */
export function clockChangeDays(schedule: PipelineSchedule, nowMs: number): ClockChangeDay[] {
  const offsetAt = offsetsOf(schedule.timezone);
  const odd: ClockChangeDay[] = [];
  for (let atMs = nowMs; atMs < nowMs + AHEAD_MS; atMs += DAY_MS) {
    const [before, after] = [offsetAt(atMs), offsetAt(atMs + DAY_MS)];
    if (before === after) continue;
    const changeMs = momentOf(atMs, atMs + DAY_MS, (ms) => offsetAt(ms) !== before);
    // Local times between the two offsets are skipped or occur twice.
    const fromMs = changeMs + Math.min(before, after);
    const toMs = changeMs + Math.max(before, after);
    const what = after > before ? 'does not exist' : 'comes twice';
    for (const time of schedule.times) {
      const midnightMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
      const localMs = midnightMs + (time.hour * 60 + time.minute) * 60_000;
      if (localMs < fromMs || localMs >= toMs) continue;
      if (!schedule.days.includes(weekdayOf(localMs))) continue;
      odd.push({ date: new Date(localMs).toISOString().slice(0, 10), time, what });
    }
  }
  return odd;
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const weekdayOf = (localMs: number) => WEEKDAYS[new Date(localMs).getUTCDay()] ?? 'sun';

/** Finds the first moment in the range for which `isSo` is true, to the second. */
function momentOf(fromMs: number, toMs: number, isSo: (ms: number) => boolean): number {
  let [no, yes] = [fromMs, toMs];
  while (yes - no > 1_000) {
    const middle = Math.floor((no + yes) / 2_000) * 1_000;
    if (isSo(middle)) yes = middle;
    else no = middle;
  }
  return Math.ceil(yes / 1_000) * 1_000;
}

/** Returns a function from a time to the zone's UTC offset, in ms. */
function offsetsOf(timezone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (ms) => {
    const part = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const at = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
    const date = [at('year'), at('month') - 1, at('day')] as const;
    const localMs = Date.UTC(...date, at('hour'), at('minute'), at('second'));
    return localMs - Math.floor(ms / 1_000) * 1_000;
  };
}
