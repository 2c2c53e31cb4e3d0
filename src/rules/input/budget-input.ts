import { BUDGET_NAME_PATTERN } from '../../contract/budget.ts';
import { isTimezone } from '../spend/zoned-day.ts';

/**
 * Checks of what a budget is sent: any client of the Temporal server may send any JSON. Each returns
 * what is wrong, or `null`.
 */

/** Maximum credits, above which sums lose digits. */
const MAX_CREDITS = 1e12;
const MAX_TEXT = 2_000;

export function checkNewBudget(given: unknown): string | null {
  const { name, settings } = objectOf(given);
  if (!isName(name)) return `name: a budget has ${NAME_ALLOWED}`;
  return checkSettings(settings, true);
}

export const checkJoin = (given: unknown): string | null =>
  checkSettings(given, true) ?? texts(given, ['pipeline']);

export function checkRequest(given: unknown): string | null {
  const { credits, pass } = objectOf(given);
  if (!isCredits(credits)) return `credits: ${CREDITS_ALLOWED}`;
  if (!Number.isInteger(pass)) return 'pass: a whole number is expected';
  return texts(given, ['id', 'run', 'pipeline']);
}

export function checkWaiting(given: unknown): string | null {
  const { credits, sinceMs } = objectOf(given);
  if (!isCredits(credits)) return `credits: ${CREDITS_ALLOWED}`;
  return typeof sinceMs === 'number' ? texts(given, ['run']) : 'sinceMs: a number is expected';
}

export function checkRelease(given: unknown): string | null {
  const { pass } = objectOf(given);
  if (!Number.isInteger(pass)) return 'pass: a whole number is expected';
  return texts(given, ['run', 'firstRunId']);
}

export function checkRaise(given: unknown): string | null {
  const { credits, by } = objectOf(given);
  if (!isCredits(credits) || credits === 0) return 'credits: a number above 0 is expected';
  return by === undefined ? null : texts(given, ['by']);
}

/** @param whole Both settings are required */
export function checkSettings(given: unknown, whole = false): string | null {
  const { maxCredits, timezone } = objectOf(given);
  if (maxCredits === undefined && timezone === undefined) {
    return 'give maxCredits, timezone, or both';
  }
  if ((whole || maxCredits !== undefined) && !isCredits(maxCredits)) {
    return `maxCredits: ${CREDITS_ALLOWED}`;
  }
  const isZone = typeof timezone === 'string' && isTimezone(timezone);
  if ((whole || timezone !== undefined) && !isZone) {
    return 'timezone: an IANA time zone like Europe/Berlin is expected';
  }
  return null;
}

export const NAME_ALLOWED = 'lower-case letters, digits and "-", 1 to 63, like gtm';

const CREDITS_ALLOWED = 'a number of credits, 0 or more, is expected';

export const isName = (value: unknown): value is string =>
  typeof value === 'string' && new RegExp(BUDGET_NAME_PATTERN).test(value);

const isCredits = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= MAX_CREDITS;

function texts(given: unknown, names: readonly string[]): string | null {
  const fields = objectOf(given);
  const wrong = names.find((name) => {
    const value = fields[name];
    return typeof value !== 'string' || value === '' || value.length > MAX_TEXT;
  });
  return wrong === undefined ? null : `${wrong}: a text is expected`;
}

/** Returns no fields for what is no object. */
const objectOf = (given: unknown): Record<string, unknown> =>
  typeof given === 'object' && given !== null ? { ...given } : {};
