import { z } from 'zod';
import type { Json } from '../../contract/json.ts';
import { nearest } from '../../did-you-mean.ts';
import type { SpecDocument } from './document.ts';
import { MAX_ISSUES, pathText, shorten, type Path, type SpecIssue } from './issue.ts';

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** Describes what is allowed, if the schema does not. */
export const allowedText: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return listed(issue.values);
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? listed(issue.options)
        : 'another kind of value';
    case 'too_small':
      return size('at least', issue.origin, issue.minimum);
    case 'too_big':
      return size('at most', issue.origin, issue.maximum);
    case 'unrecognized_keys':
      return keysOf(issue.schema ?? issue.inst).join(', ');
    default:
      return undefined;
  }
};

const listed = (values: readonly unknown[]): string => values.map(String).join(', ');

const size = (bound: string, origin: string, limit: number | bigint): string => {
  if (origin === 'string') return limit === 1 ? 'not empty' : `${bound} ${limit} characters`;
  if (origin === 'array') return limit === 1 ? 'not empty' : `${bound} ${limit} entries`;
  return `${bound} ${limit}`;
};

const keysOf = (schema: unknown): string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

/** Converts Zod's issues: adds position, the value found, and the nearest word. */
export function translate(issues: z.core.$ZodIssue[], document: SpecDocument): SpecIssue[] {
  return issues.slice(0, MAX_ISSUES).flatMap((issue) => translateOne(issue, document));
}

function translateOne(issue: z.core.$ZodIssue, document: SpecDocument): SpecIssue[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.message.split(', ');
    return issue.keys.slice(0, MAX_ISSUES).map((key) => ({
      ...document.locationOfKey(path, key),
      path: pathText([...path, key]),
      found: 'unknown key',
      allowed: issue.message === '' ? null : `allowed: ${issue.message}`,
      suggestion: nearest(key, keys),
    }));
  }
  const value = valueAt(document.value, path);
  const words = wordsOf(issue);
  return [
    {
      ...document.locationOf(path),
      path: pathText(path),
      found: foundText(value),
      allowed: words.length > 0 ? `allowed: ${words.join(', ')}` : issue.message,
      suggestion: typeof value === 'string' ? nearest(value, words) : null,
    },
  ];
}

function wordsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_union' && 'options' in issue)
    return (issue.options ?? []).map(String);
  return [];
}

export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at)) at = typeof step === 'number' ? at[step] : undefined;
    else at = Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}

export function foundText(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'nothing';
  if (value === '') return 'empty text';
  if (typeof value === 'string') return `"${shorten(value, 60)}"`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'a mapping' : String(value);
}
