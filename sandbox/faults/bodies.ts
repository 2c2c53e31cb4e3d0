import type { Outgoing } from '../http/intercept.ts';
import type { Json, JsonObject } from '../json.ts';
import type { FaultAdapter } from './adapter.ts';

/** Character that no answer of the sandbox has: a place to be filled after the JSON is written. */
const MARK = '\u{E000}';

/**
 * Raw control characters inside strings: not valid JSON, and seen all the same. In `prose`,
 * where they really come from; answers stay what they are.
 */
export function withControlCharacters(reply: Outgoing, prose: readonly string[]): Outgoing {
  const marked = changed(reply, (value) => {
    const walked = walk(value, (key, one) =>
      prose.includes(key) && typeof one === 'string' ? `${one}${MARK}` : one,
    );
    return isObject(walked) ? { ...walked, note: `line${MARK}line` } : walked;
  });
  return { ...marked, body: marked.body.replaceAll(MARK, '\n\t\u0001\u001f') };
}

export interface Unknown {
  fields: boolean;
  /** Appends a column of an unknown kind to each list of columns. */
  columns: boolean;
  /** Status words that come as another one. */
  words: Record<string, string>;
}

/** The API as it may be next year: fields and status words that no client knows. */
export function withUnknown(
  reply: Outgoing,
  { fields, columns, words }: Unknown,
  where: FaultAdapter['vocabulary'],
): Outgoing {
  const other = (word: string): string => words[word.toLowerCase()] ?? word;
  const worded = (key: string, one: Json): Json => {
    if (typeof one === 'string') return where.values.includes(key) ? other(one) : one;
    if (!where.keys.includes(key) || !isObject(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([word, count]) => [other(word), count]));
  };
  return changed(reply, (value) => {
    const reworded = walk(value, worded);
    const walked = columns ? walk(reworded, withAnotherColumn) : reworded;
    return fields ? extended(walked) : walked;
  });
}

/** Column in the form of either API; no request may name its id. */
const ANOTHER: JsonObject = {
  id: '5a4db000-0000-4000-8000-00000000c010',
  created_at: '2031-01-01T00:00:00.000Z',
  config: { kind: 'company_logo', key: 'company_logo', name: 'Logo' },
  title: 'Logo',
  type: 'LOGO',
};

const withAnotherColumn = (key: string, value: Json): Json =>
  key === 'columns' && Array.isArray(value) && value.some(isObject) ? [...value, ANOTHER] : value;

/** Empties the fields of these names. */
export const withoutFields = (reply: Outgoing, names: readonly string[]): Outgoing =>
  changed(reply, (value) => walk(value, (key, one) => (names.includes(key) ? null : one)));

const ADDED = { since: 2031, words: ['nobody', 'knows', 'yet'] };

function extended(value: Json): Json {
  if (Array.isArray(value)) return value.map(extended);
  if (!isObject(value)) return value;
  const fields: JsonObject = { x_added_lately: ADDED };
  // The content of a cell belongs to the model, not to the API.
  for (const [key, one] of Object.entries(value))
    fields[key] = key === 'value' ? one : extended(one);
  return fields;
}

export const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function walk(value: Json, replace: (key: string, value: Json) => Json): Json {
  if (Array.isArray(value)) return value.map((one) => walk(one, replace));
  if (!isObject(value)) return value;
  const fields = Object.entries(value).map(([key, one]): [string, Json] => [
    key,
    walk(replace(key, one), replace),
  ]);
  return Object.fromEntries(fields);
}

/** Another JSON body in a reply that is one; errors stay as they are. */
export function changed(reply: Outgoing, change: (value: Json) => Json): Outgoing {
  if (reply.status >= 300 || reply.body === '') return reply;
  // Written by the sandbox itself.
  return { ...reply, body: JSON.stringify(change(JSON.parse(reply.body) as Json)) };
}
