import type { z } from 'zod';
import { Problem, type Invalid } from './problem.ts';

/** Checks against the schema and words what is wrong as FastAPI does. @throws Problem 422 */
export function checked<S extends z.ZodType>(
  schema: S,
  value: unknown,
  place: 'body' | 'query',
): z.output<S> {
  if (value === undefined) {
    throw new Problem(422, [{ loc: [place], msg: 'Field required', type: 'missing' }]);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Problem(
    422,
    result.error.issues.map((issue) => worded(issue, value, place)),
  );
}

function worded(issue: z.core.$ZodIssue, value: unknown, place: string): Invalid {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? step.toString() : step));
  const loc = [place, ...path];
  if (valueAt(value, path) === undefined) return { loc, msg: 'Field required', type: 'missing' };
  switch (issue.code) {
    case 'invalid_value':
      return { loc, msg: `Input should be ${listed(issue.values)}`, type: 'enum' };
    case 'invalid_type':
      return {
        loc,
        msg: `Input should be a valid ${issue.expected}`,
        type: `${issue.expected}_type`,
      };
    case 'invalid_union':
      return {
        loc,
        msg: 'Input does not match any of the allowed kinds',
        type: 'union_tag_invalid',
      };
    case 'too_big':
      return { loc, msg: `Input should have at most ${issue.maximum} items`, type: 'too_long' };
    case 'too_small':
      return { loc, msg: `Input should be at least ${issue.minimum}`, type: 'too_short' };
    default:
      return { loc, msg: issue.message, type: 'value_error' };
  }
}

const listed = (values: readonly unknown[]): string =>
  values.map((value) => `'${String(value)}'`).join(' or ');

function valueAt(value: unknown, path: (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}
