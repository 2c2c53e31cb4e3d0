/** Formats a number as an integer with separators: `1,509`. */
export const formatInteger = (value: number): string => Math.round(value).toLocaleString('en-US');

/** `1 row`, `2 rows` */
export const formatCount = (value: number, one: string, many = `${one}s`): string =>
  `${formatInteger(value)} ${value === 1 ? one : many}`;

/** Numbers and times as the Temporal UI shows them. */

/** 2026-01-31 02:30:00 UTC */
export const formatTime = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1,509` or `0.25`: prices of a cell may be fractions of a credit. */
export const formatCredits = (credits: number): string =>
  credits.toLocaleString('en-US', { maximumFractionDigits: 2 });
