/** A calendar day of a time zone. */
export interface ZonedDay {
  /** `2026-01-31` */
  day: string;
  /** Epoch ms of its first moment. */
  startsAtMs: number;
  /** Epoch ms of the first moment of the next day. */
  endsAtMs: number;
}

const HOUR_MS = 3_600_000;

/** Longer than any day: clocks are set back by less than a day. */
const MAX_DAY_HOURS = 50;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  formats.set(timezone, made);
  return made;
}

/** Returns the calendar day of a moment, `2026-01-31`. */
export function dayIn(timezone: string, atMs: number): string {
  const parts = formatOf(timezone).formatToParts(atMs);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
}

/**
 * Returns the day of a moment with its ends. They are found by the calendar alone. Days of 23 and 25
 * hours, and midnights that a change of the clock leaves out, are therefore right.
 */
export function zonedDay(timezone: string, atMs: number): ZonedDay {
  const day = dayIn(timezone, atMs);
  const isOn = (ms: number): boolean => dayIn(timezone, ms) === day;
  return {
    day,
    startsAtMs: edgeOf(atMs, -1, isOn) + 1,
    endsAtMs: edgeOf(atMs, 1, isOn),
  };
}

/** First ms in a direction that is not on the day. */
function edgeOf(atMs: number, direction: 1 | -1, isOn: (ms: number) => boolean): number {
  let hours = 1;
  while (hours < MAX_DAY_HOURS && isOn(atMs + direction * hours * HOUR_MS)) hours += 1;
  let inside = atMs + direction * (hours - 1) * HOUR_MS;
  let outside = atMs + direction * hours * HOUR_MS;
  while (Math.abs(outside - inside) > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (isOn(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}

/** Maximum length, twice that of the longest zone name. */
const LONGEST_ZONE = 100;

/** Checks whether this machine has the time zone. */
export function isTimezone(name: string): boolean {
  // Offsets like +02:00 pass Intl but follow no daylight saving time.
  if (name.length > LONGEST_ZONE || /^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
