/** Longer waits are not believed: a step asks again after an hour. */
const LONGEST_MS = 3_600_000;

/**
 * `Retry-After` (RFC 9110, 10.2.3) in ms: seconds or an HTTP date, at most one hour, `null` when
 * absent or unreadable. A date is measured against the server's own `Date`, so a wrong clock on
 * either side does no harm.
 */
export function retryAfterMs(headers: Record<string, string>): number | null {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), LONGEST_MS);
  const at = parseHttpDate(text);
  if (at === null) return null;
  const now = parseHttpDate(headers['date'] ?? '') ?? Date.now();
  return Math.min(Math.max(at - now, 0), LONGEST_MS);
}

/** `Date.parse` alone reads a date into almost any text with a digit. */
function parseHttpDate(text: string): number | null {
  if (!text.trim().endsWith('GMT')) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
