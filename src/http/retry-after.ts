/** Maximum accepted wait: a step asks again after an hour. */
const LONGEST_MS = 3_600_000;

/**
 * Parses `Retry-After` (RFC 9110, 10.2.3) in ms: seconds or an HTTP date, at most one hour. Returns
 * `null` when absent, unreadable or 0 (Temporal ignores a delay of 0 ms). A date is compared with
 * the server's own `Date`, so wrong clocks do no harm.
 */
export function retryAfterMs(headers: Record<string, string>): number | null {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return waitOf(Math.ceil(Number(text) * 1000));
  const at = parseHttpDate(text);
  if (at === null) return null;
  const now = parseHttpDate(headers['date'] ?? '') ?? Date.now();
  return waitOf(at - now);
}

const waitOf = (ms: number): number | null => (ms > 0 ? Math.min(ms, LONGEST_MS) : null);

/** Parses an HTTP date; `Date.parse` accepts almost any text with a digit. */
function parseHttpDate(text: string): number | null {
  if (!text.trim().endsWith('GMT')) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
