import { relative } from 'node:path';
import { formatCount, formatInteger } from '../../text/numbers.ts';

/** Formatters of numbers, times and paths. */

/** 1,509; `2 rows` */
export { formatInteger, formatCount };

/** `42 s`, `6 min 5 s`, `2 h 14 min`, `1 d 3 h` */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return twoDigits(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoDigits(hours, 'h', minutes % 60, 'min');
  return twoDigits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const twoDigits = (big: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${smallUnit}`;

/** `512 B`, `1.4 MB`; powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** 2026-01-31 02:30, local time */
export function formatDateTime(date: Date): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join('-');
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** Formats a path relative to the working directory if it is inside, else absolute. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

/** Formats a time by the clock of the zone: `Thu 2026-11-26 02:30`. */
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

/** Formats a time with zone and UTC: `Thu 2026-11-26 02:30 Europe/Berlin (01:30 UTC)` */
export const zonedAndUtc = (iso: string, timezone: string): string => {
  const local = `${zonedTime(iso, timezone)} ${timezone}`;
  return timezone === 'UTC' ? local : `${local} (${iso.slice(11, 16)} UTC)`;
};
