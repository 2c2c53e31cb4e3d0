import type { Json } from '../contract/json.ts';
import type { SnapshotRow } from '../contract/rows.ts';
import { quoted, type RowProblem, type SourceRow } from './row.ts';

/** An input is a name, an address, a few notes. A field beyond this is a mistake in the file. */
export const MOST_FIELD_BYTES = 256 * 1024;

/** A key is repeated in the table's metadata, in results and in messages. */
const MOST_KEY_BYTES = 1024;

export interface RowShape {
  /** Source column. */
  key: string;
  inputs: readonly InputShape[];
  fieldBytesCap: number;
}

export interface InputShape {
  /** Table column. */
  name: string;
  /** Source column. */
  source: string;
  /** An empty one is left out of the row. */
  optional: boolean;
}

/** Judges rows one after another; remembers the keys it has seen. */
export class RowCheck {
  readonly #shape: RowShape;
  readonly #lineOfKey = new Map<string, number>();
  /** Keys that had spaces around them. */
  trimmedKeys = 0;

  constructor(shape: RowShape) {
    this.#shape = shape;
  }

  /** The row as the table gets it, or everything that is wrong with it. */
  check(row: SourceRow): SnapshotRow | RowProblem[] {
    const problems: string[] = [];
    const key = this.#keyOf(row, problems);
    const input: [string, Json][] = [];
    for (const { name, source, optional } of this.#shape.inputs) {
      const value = valueOf(row, source);
      if (optional && isEmpty(value)) continue;
      const wrong = this.#wrongWith(value, source);
      if (wrong !== null) problems.push(wrong);
      else input.push([name, value]);
    }
    // `fromEntries`: a column may be called `__proto__`.
    if (key !== null && problems.length === 0) return { key, input: Object.fromEntries(input) };
    return problems.map((what) => ({ line: row.line, unit: row.unit, what }));
  }

  #keyOf(row: SourceRow, problems: string[]): string | null {
    const column = quoted(this.#shape.key);
    const value = valueOf(row, this.#shape.key);
    const key = textOf(value);
    if (key === null) {
      problems.push(`the key ${column} is ${kindOf(value)}`);
      return null;
    }
    const trimmed = key.trim();
    if (trimmed !== key) this.trimmedKeys += 1;
    if (trimmed === '') problems.push(`the key ${column} is empty`);
    else if (Buffer.byteLength(trimmed) > MOST_KEY_BYTES) {
      problems.push(`the key ${column} is longer than ${MOST_KEY_BYTES} bytes`);
    } else if (/\p{Cc}/u.test(trimmed)) {
      problems.push(`the key ${column} holds a line break or another control character`);
    } else if (/\p{Cs}/u.test(trimmed)) {
      problems.push(`the key ${column} holds half a character`);
    } else {
      const before = this.#lineOfKey.get(trimmed);
      if (before === undefined) this.#lineOfKey.set(trimmed, row.line);
      else problems.push(`the key ${quoted(trimmed)} stands on ${row.unit} ${before} already`);
    }
    return trimmed;
  }

  #wrongWith(value: Json, source: string): string | null {
    if (isEmpty(value)) return `${quoted(source)} is empty`;
    const odd = oddity(value);
    if (odd !== null) return `${quoted(source)} ${odd}`;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const bytes = Buffer.byteLength(text);
    const cap = this.#shape.fieldBytesCap;
    return bytes <= cap
      ? null
      : `${quoted(source)} has ${kib(bytes)} KiB, at most ${kib(cap)} KiB are allowed`;
  }
}

const isEmpty = (value: Json): boolean =>
  value === null || (typeof value === 'string' && value.trim() === '');

const kib = (bytes: number): number => Math.ceil(bytes / 1024);

const valueOf = (row: SourceRow, column: string): Json =>
  Object.hasOwn(row.values, column) ? (row.values[column] ?? null) : null;

/** Numbers are fine as keys as long as every digit of them survived. */
function textOf(value: Json): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && isExact(value) ? String(value) : null;
}

/** Whole numbers beyond 2^53 lose digits when they are read, and 1e999 becomes infinite. */
const isExact = (value: number): boolean =>
  Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);

/** Whoever writes JSON runs out of stack at some thousands. */
const MOST_LEVELS = 100;

/** What cannot travel to the table as it is, or no table can hold. */
function oddity(value: Json, levels = MOST_LEVELS): string | null {
  if (typeof value === 'string') {
    return /[\0\p{Cs}]/u.test(value) ? 'holds a zero character or half a character' : null;
  }
  if (typeof value === 'number') {
    return isExact(value) ? null : `holds ${INEXACT}`;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return `is nested more than ${MOST_LEVELS} levels deep`;
  for (const [key, item] of Object.entries(value)) {
    const odd = oddity(key) ?? oddity(item, levels - 1);
    if (odd !== null) return odd;
  }
  return null;
}

const INEXACT = 'too large a number to be exact; write it as text';

const kindOf = (value: Json): string => {
  if (value === null) return 'missing';
  if (typeof value === 'number') return INEXACT;
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
};
