import { z } from 'zod';
import { RowmillError } from '../../errors.ts';
import { startBody } from '../schemas/requests.ts';
import { scheduleBody } from '../schemas/schedules.ts';

/** Checks only the type of the value; the pipeline's own schema and the row checks do the rest. */
const pipeline = z.custom<Record<string, unknown> | string>(
  (value) => isObject(value) || (typeof value === 'string' && value !== ''),
  'the pipeline: an object, or a text',
);
const rows = z.custom<unknown[]>(Array.isArray, 'a list of rows').optional();

const { approve, canary, night } = startBody.shape;
const { owner, replace } = scheduleBody.shape;

const START = { pipeline, rows, approve, canary, night };
const SCHEDULE = { pipeline, owner, replace };

export const startFields = (body: unknown) => fieldsOf(body, START);
export const scheduleFields = (body: unknown) => fieldsOf(body, SCHEDULE);

type Fields<S extends Record<string, z.ZodType>> = { [name in keyof S]: z.output<S[name]> };

/**
 * Parses the fields of a body, each by its own schema; other fields are ignored.
 * @throws RowmillError `http_bad_request` for the first invalid field
 */
function fieldsOf<S extends Record<string, z.ZodType>>(body: unknown, schemas: S): Fields<S> {
  if (!isObject(body)) throw wrong('body', 'an object is expected');
  for (const name of Object.keys(body)) {
    if (!Object.hasOwn(schemas, name)) throw wrong('body', `not allowed: ${name.slice(0, 80)}`);
  }
  const found = Object.entries(schemas).map(([name, schema]) => {
    const parsed = schema.safeParse(body[name]);
    if (parsed.success) return [name, parsed.data] as const;
    throw wrong(`body/${name}`, parsed.error.issues[0]?.message ?? 'not allowed');
  });
  // Safe cast: one parsed entry for each schema.
  return Object.fromEntries(found) as Fields<S>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wrong = (where: string, what: string): RowmillError =>
  new RowmillError('http_bad_request', what.slice(0, 300), { where });
