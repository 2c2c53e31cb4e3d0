const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const DURATION_PATTERN = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$';

/** Format of a duration, for error texts. */
export const DURATION_ALLOWED = 'a duration like 30s, 15m, 6h, 2d or 1h30m';

/** Longer than a year is a typing error, and timers overflow not far beyond. */
export const MAX_DURATION_MS = 365 * UNIT_MS.d;

/** `1h30m` → milliseconds; `null` when the text is no duration between 1 ms and a year. */
export function parseDuration(text: string): number | null {
  if (text.length > 40 || !new RegExp(DURATION_PATTERN).test(text)) return null;
  let totalMs = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9.]+)(ms|s|m|h|d)/g)) {
    if (!isUnit(unit)) return null;
    totalMs += Number(amount) * UNIT_MS[unit];
  }
  const roundedMs = Math.round(totalMs);
  return roundedMs >= 1 && roundedMs <= MAX_DURATION_MS ? roundedMs : null;
}

const isUnit = (text: string): text is keyof typeof UNIT_MS => Object.hasOwn(UNIT_MS, text);
