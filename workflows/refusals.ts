import { ApplicationFailure } from '@temporalio/workflow';

/**
 * What an action is refused with, by a validator: nothing enters the history. The details are those of
 * every other failure (activities/failure.ts), so that the command line tells them apart.
 */
export function refusal(what: string, remedy: string): ApplicationFailure {
  const details = { what, where: null, remedy, requestId: null };
  return ApplicationFailure.nonRetryable(`${what}. ${remedy}`, 'action_refused', details);
}

/** Unknown fields are refused: a misspelt one would be left out in silence. */
export function checkFields(request: unknown, allowed: readonly string[], example: string): void {
  const remedy = `Send nothing, or JSON like ${example}.`;
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw refusal('the input is not a JSON object', remedy);
  }
  for (const field of Object.keys(request)) {
    if (!allowed.includes(field))
      throw refusal(`there is no field "${field.slice(0, 40)}"`, remedy);
  }
}

const TEXT_AT_MOST = 300;

/** Of a request that came from anywhere: a short text, or nothing. */
export function checkTexts(request: object, example: string): void {
  for (const [field, value] of Object.entries(request)) {
    if (typeof value === 'string' && value.length <= TEXT_AT_MOST) continue;
    throw refusal(
      `"${field}" is not a text of up to ${TEXT_AT_MOST} characters`,
      `Send nothing, or JSON like ${example}.`,
    );
  }
}
