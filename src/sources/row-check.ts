import type { Json } from '../contract/json.ts';
import type { SnapshotRow } from '../contract/rows.ts';
import { isBlank, trimUnseen } from './rows/blank.ts';
import { ColumnMatch } from './columns/column-match.ts';
import { inexactDigits } from '../contract/exact-json.ts';
import { quoted, type RowProblem, type SourceRow } from './rows/row.ts';
import { SeenTexts } from './seen-texts.ts';

/**
 * Maximum bytes of an input field (a name, an address, notes); a larger one is a mistake in the
 * file.
 */
export const MAX_FIELD_BYTES = 256 * 1024;

/**
 * Maximum bytes of a key, which is repeated in the table's metadata, in results and in messages.
 */
const MAX_KEY_BYTES = 1024;

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
  /** An empty value is left out of the row. */
  optional: boolean;
}

/** Valid row for the table, and the source columns it was taken from. */
export interface GoodRow {
  row: SnapshotRow;
  used: ReadonlySet<string>;
}

/** Validator of rows, one after another; remembers their keys. */
export class RowCheck {
  readonly #shape: RowShape;
  readonly #keys = new SeenTexts();
  readonly #match = new ColumnMatch();
  #columns: SourceColumns | null = null;
  /** Number of keys surrounded by spaces or invisible characters. */
  trimmedKeys = 0;

  constructor(shape: RowShape) {
    this.#shape = shape;
  }

  /** Returns the row for the table, or all of its problems. */
  check(row: SourceRow): GoodRow | RowProblem[] {
    const columns = this.#columnsOf(row);
    const problems: string[] = [];
    const key = this.#keyOf(row, columns, problems);
    const repeated = key === null || problems.length > 0 ? null : this.#repeated(key, row);
    if (repeated !== null) problems.push(repeated);
    const input: [string, Json][] = [];
    for (const { name, source, optional } of this.#shape.inputs) {
      const value = columns.value(row, source);
      if (optional && isEmpty(value)) continue;
      const wrong = this.#wrongWith(value, source);
      if (wrong !== null) problems.push(wrong);
      else input.push([name, value]);
    }
    if (problems.length === 0 && this.#isHeader(row, columns)) problems.push(HEADER_AGAIN);
    if (key !== null && problems.length === 0) {
      // `fromEntries`, because a column may be called `__proto__`.
      return { row: { key, input: Object.fromEntries(input) }, used: columns.used };
    }
    const named = key === null || key === '' ? {} : { key };
    return problems.map((what) => ({
      line: row.line,
      unit: row.unit,
      what,
      ...named,
      ...(what === repeated ? { repeatsKey: true } : {}),
    }));
  }

  /** Returns the columns, which are the same for every row of a source with a header. */
  #columnsOf({ header, values }: SourceRow): SourceColumns {
    if (header !== undefined && this.#columns !== null) return this.#columns;
    const { key, inputs } = this.#shape;
    const wanted = [key, ...inputs.map(({ source }) => source)];
    this.#columns = new SourceColumns(wanted, header ?? Object.keys(values), this.#match);
    return this.#columns;
  }

  /** Detects the header of a concatenated file with other columns. */
  #isHeader(row: SourceRow, columns: SourceColumns): boolean {
    if (row.header === undefined) return false;
    const { key, inputs } = this.#shape;
    const names = new Set([key, ...inputs.map(({ source }) => source)]);
    return names.size > 1 && [...names].every((name) => columns.value(row, name) === name);
  }

  #keyOf(row: SourceRow, columns: SourceColumns, problems: string[]): string | null {
    const column = quoted(this.#shape.key);
    const value = columns.value(row, this.#shape.key);
    const key = textOf(value);
    if (key === null) {
      problems.push(`the key ${column} is ${kindOf(value)}`);
      return null;
    }
    const trimmed = isBlank(key) ? '' : trimUnseen(key);
    if (trimmed !== key) this.trimmedKeys += 1;
    if (trimmed === '') problems.push(`the key ${column} is empty`);
    else if (Buffer.byteLength(trimmed) > MAX_KEY_BYTES) {
      problems.push(`the key ${column} is longer than ${MAX_KEY_BYTES} bytes`);
    } else if (/\p{Cc}/u.test(trimmed)) {
      problems.push(`the key ${column} holds a line break or another control character`);
    } else if (/\p{Cs}/u.test(trimmed)) {
      problems.push(`the key ${column} holds half a character`);
    }
    return trimmed;
  }

  /** Adds a usable key; describes a repeated one. */
  #repeated(key: string, { line, unit }: SourceRow): string | null {
    const before = this.#keys.add(key, line);
    return before === null ? null : `the key ${quoted(key)} stands on ${unit} ${before} already`;
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

/** Source columns that a pipeline names, with their names in the source. */
class SourceColumns {
  readonly #actual = new Map<string, string>();
  readonly used: ReadonlySet<string>;

  constructor(wanted: readonly string[], there: readonly string[], match: ColumnMatch) {
    for (const name of wanted) this.#actual.set(name, match.find(name, there) ?? name);
    this.used = new Set(this.#actual.values());
  }

  value({ values }: SourceRow, column: string): Json {
    const name = this.#actual.get(column) ?? column;
    // `hasOwn`, because a column may be called `constructor`.
    return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
  }
}

const HEADER_AGAIN = 'the header again, with other columns than the first one';

const isEmpty = (value: Json): boolean =>
  value === null || (typeof value === 'string' && isBlank(value));

const kib = (bytes: number): number => Math.ceil(bytes / 1024);

/** Converts a key to text; numbers are accepted if no digit was lost. */
function textOf(value: Json): string | null {
  if (inexactDigits(value) !== null) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'number' && isExact(value) ? String(value) : null;
}

/**
 * Checks that a number was read without loss: integers beyond 2^53 lose digits, and 1e999 becomes
 * infinite.
 */
const isExact = (value: number): boolean =>
  Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);

/** JSON writers overflow their stack at some thousands. */
const MAX_LEVELS = 100;

/** Describes a value that cannot be sent as it is, or that no table accepts. */
function oddity(value: Json, levels = MAX_LEVELS): string | null {
  const digits = inexactDigits(value);
  if (digits !== null) return `holds ${inexact(digits)}`;
  if (typeof value === 'string') {
    return /[\0\p{Cs}]/u.test(value) ? 'holds a zero character or half a character' : null;
  }
  if (typeof value === 'number') {
    return isExact(value) ? null : `holds ${INEXACT}`;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return `is nested more than ${MAX_LEVELS} levels deep`;
  for (const [key, item] of Object.entries(value)) {
    const odd = oddity(key) ?? oddity(item, levels - 1);
    if (odd !== null) return odd;
  }
  return null;
}

const INEXACT = 'too large a number to be exact; write it as text';

const inexact = (digits: string): string => {
  const read = Number(digits);
  const shown = digits.length <= 40 ? digits : `${digits.slice(0, 39)}…`;
  return `the number ${shown}, which would be read as ${read}; write it as text`;
};

const kindOf = (value: Json): string => {
  const digits = inexactDigits(value);
  if (digits !== null) return inexact(digits);
  if (value === null) return 'missing';
  if (typeof value === 'number') return INEXACT;
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
};
