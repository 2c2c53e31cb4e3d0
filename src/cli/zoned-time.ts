/** `Thu 2026-11-26 02:30`, by the clock of the zone. */
export function zonedTime(iso: string, timezone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const parts = new Map(
    format.formatToParts(new Date(iso)).map(({ type, value }) => [type, value] as const),
  );
  const at = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  return `${at('weekday')} ${at('year')}-${at('month')}-${at('day')} ${at('hour')}:${at('minute')}`;
}

/** `Thu 2026-11-26 02:30 Europe/Berlin (01:30 UTC)` */
export const zonedAndUtc = (iso: string, timezone: string): string => {
  const local = `${zonedTime(iso, timezone)} ${timezone}`;
  return timezone === 'UTC' ? local : `${local} (${iso.slice(11, 16)} UTC)`;
};
