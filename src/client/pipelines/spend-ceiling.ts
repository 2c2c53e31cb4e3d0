import { RowmillError } from '../../errors.ts';
import type { SpendCeiling } from '../../rules/spend/ceiling.ts';
import type { Env } from '../../env.ts';

/** Variables that the worker reads. Commands also use them when their shell sets them. */
export const CEILING_VARIABLES = {
  maxCredits: 'ROWMILL_MAX_CREDITS_PER_RUN',
  approveAbove: 'ROWMILL_APPROVE_ABOVE',
  creditsPerCell: 'ROWMILL_CREDITS_PER_CELL',
} as const satisfies Record<keyof SpendCeiling, string>;

/**
 * Reads the limits of the worker's owner.
 * @throws RowmillError `usage` for a value that is not a number: an unreadable limit must not mean
 * "no limit"
 */
export function spendCeilingOf(env: Env): SpendCeiling {
  return {
    ...read(env, 'maxCredits'),
    ...read(env, 'approveAbove'),
    ...read(env, 'creditsPerCell'),
  };
}

function read(env: Env, name: keyof SpendCeiling): SpendCeiling {
  const variable = CEILING_VARIABLES[name];
  const text = env[variable]?.trim() ?? '';
  if (text === '') return {};
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return { [name]: Number(text) };
  throw new RowmillError('usage', `"${text.slice(0, 40)}" is not allowed`, {
    where: variable,
    remedy: 'Give a number of credits, like 2000 or 0.5, or leave it empty: no limit.',
  });
}
