import { z } from 'zod';
import { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from '../rules/duration.ts';

/** A duration in words, as people write it; milliseconds after parsing. */
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
