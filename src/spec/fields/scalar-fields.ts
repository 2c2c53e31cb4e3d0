import { z } from 'zod';
import { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from '../../rules/duration.ts';

/** Duration as text; milliseconds after parsing. */
export const duration = z
  .string(DURATION_ALLOWED)
  .meta({ pattern: DURATION_PATTERN })
  .transform((text, context) => {
    const durationMs = parseDuration(text);
    if (durationMs !== null) return durationMs;
    context.issues.push({
      code: 'custom',
      input: text,
      message: `${DURATION_ALLOWED}, up to 365d`,
    });
    return z.NEVER;
  });

export const PERCENTAGE_PATTERN = '^(100|[0-9]{1,2}(\\.[0-9]+)?)%$';

/** Format of a share, for error texts. */
export const PERCENTAGE_ALLOWED = 'a share like 2% or 0.02, from 0 to 100%';

/**
 * Parses `"2%"` or `0.02` to 0.02; `null` for anything else. A bare 2 is ambiguous: 2 % or 200 %?
 */
export function parsePercentage(value: string | number): number | null {
  if (typeof value === 'number') return value >= 0 && value <= 1 ? value : null;
  if (value.length > 40 || !new RegExp(PERCENTAGE_PATTERN).test(value)) return null;
  return Number(value.slice(0, -1)) / 100;
}

/** Share as text or number; a number from 0 to 1 after parsing. */
export const share = z
  .union(
    [z.string().meta({ pattern: PERCENTAGE_PATTERN }), z.number().meta({ minimum: 0, maximum: 1 })],
    PERCENTAGE_ALLOWED,
  )
  .transform((value, context) => {
    const parsed = parsePercentage(value);
    if (parsed !== null) return parsed;
    context.issues.push({ code: 'custom', input: value, message: PERCENTAGE_ALLOWED });
    return z.NEVER;
  });
