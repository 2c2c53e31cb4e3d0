import { DURATION_ALLOWED, parseDuration } from '../duration.ts';

/** Issue of a request by itself, for any state of the run. */
export interface InputIssue {
  /** Field with the issue; `null`: the request as a whole. */
  field: string | null;
  what: string;
  remedy: string;
}

/** Longest reason or name, in characters. */
export const MAX_TEXT = 300;

const PAUSE_EXAMPLE = '{"reason": "provider has trouble"}';
const APPROVE_EXAMPLE = '{"by": "anna"}';
const ADJUST_EXAMPLE = '{"deadline": "8h", "maxPollInterval": "60s"}';

/** Checks a request to pause of any origin; `null` if valid. */
export const checkPauseInput = (request: unknown): InputIssue | null =>
  checkTextInput(request, ['reason', 'by'], PAUSE_EXAMPLE);

/** Checks a request to approve of any origin; `null` if valid. */
export const checkApproveInput = (request: unknown): InputIssue | null =>
  checkTextInput(request, ['by'], APPROVE_EXAMPLE);

function checkTextInput(
  request: unknown,
  allowed: readonly string[],
  example: string,
): InputIssue | null {
  const fields = fieldsOf(request, allowed);
  const remedy = `Send nothing, or JSON like ${example}.`;
  if (typeof fields === 'string') return { field: null, what: fields, remedy };
  const [field, value] = fields.find(([, given]) => !isText(given)) ?? [];
  if (field === undefined) return null;
  const what = typeof value === 'string' ? `it has ${value.length} characters` : 'it is no text';
  return { field, what, remedy: `Give a text of up to ${MAX_TEXT} characters.` };
}

/** Checks a request to adjust of any origin; `null` if valid. */
export function checkAdjustInput(request: unknown): InputIssue | null {
  const fields = fieldsOf(request, ['deadline', 'maxPollInterval']);
  const remedy = `Send JSON like ${ADJUST_EXAMPLE}.`;
  if (typeof fields === 'string') return { field: null, what: fields, remedy };
  const given = fields.filter(([, value]) => value !== undefined);
  if (given.length === 0) {
    const either = 'Give a deadline, the longest time between two polls, or both.';
    return { field: null, what: 'nothing to adjust', remedy: either };
  }
  const [field, value] = given.find(([, text]) => durationMs(text) === null) ?? [];
  if (field === undefined) return null;
  const shown = typeof value === 'string' ? `"${value.slice(0, 40)}"` : 'it';
  return { field, what: `${shown} is not a duration`, remedy: `Give ${DURATION_ALLOWED}.` };
}

/** `8h`, or a whole number of ms; `null` for anything else. */
export function durationMs(value: unknown): number | null {
  if (typeof value === 'number' && Number.isInteger(value)) return parseDuration(`${value}ms`);
  return typeof value === 'string' ? parseDuration(value) : null;
}

/** Returns one line of text from a field of a request, truncated; `null` without one. */
export function textOf(request: unknown, field: string): string | null {
  if (typeof request !== 'object' || request === null || !Object.hasOwn(request, field))
    return null;
  const value: unknown = Reflect.get(request, field);
  if (typeof value !== 'string') return null;
  const text = value.replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT);
  return text === '' ? null : text;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= MAX_TEXT;

/** Unknown fields are refused: a misspelt one would be left out in silence. */
function fieldsOf(request: unknown, allowed: readonly string[]): [string, unknown][] | string {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return 'the input is not a JSON object';
  }
  const fields = Object.entries(request);
  const unknown = fields.find(([field]) => !allowed.includes(field))?.[0];
  return unknown === undefined ? fields : `there is no field "${unknown.slice(0, 40)}"`;
}
