import type { Json } from '../../contract/json.ts';
import type { RowsFormat } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { nearest } from '../../did-you-mean.ts';
import { MAX_FIELD_BYTES, RowCheck } from '../../sources/row-check.ts';
import { isBlank } from '../../sources/rows/blank.ts';
import { SourceNotes } from '../../sources/rows/source-notes.ts';
import { quoted, type SourceRow } from '../../sources/rows/row.ts';
import { openSource } from '../../sources/source.ts';

/** Facts about one column of a list. */
export interface ListColumn {
  name: string;
  /** Rows that have a value. */
  filled: number;
  /** Rows whose value cannot be a key, without `repeated`. */
  unusable: number;
  /** Rows whose value is that of a row before; all rows where this is most of them. */
  repeated: number;
  /** Share (0..1) of values that are numbers, and of domains or web addresses. */
  numbers: number;
  domains: number;
  /** Mean length of a value in characters. */
  length: number;
  /** True if its name is a domain or an address of mail, as most of its values are. */
  namedLikeValue: boolean;
}

export interface List {
  path: string;
  rows: number;
  /** Part of `rows` that cannot be read. */
  unreadable: number;
  columns: ListColumn[];
  /** True if the list has more columns, which were not looked at. */
  hasMore: boolean;
}

/** Limit of the columns that are looked at unasked, because each row of JSON Lines may add names. */
export const MAX_COLUMNS = 200;

/** Rows after which a column that repeats itself is no key, so that its values need not be kept. */
const ENOUGH_ROWS = 500;

/**
 * Reads a list once, and describes its columns: the first ones, and those that are wanted.
 * @throws RowmillError `source_not_found`, `source_unreadable`, `rows_empty`
 */
export async function readListColumns(
  path: string,
  format: RowsFormat,
  wanted: readonly string[] = [],
): Promise<List> {
  const columns = new Map<string, ColumnReader>();
  const notes = new SourceNotes();
  let rows = 0;
  let unreadable = 0;
  let hasMore = false;
  const onProblem = (): void => void (unreadable += 1);
  for await (const row of openSource({ type: 'file', path, format }, { notes, onProblem })) {
    if (Object.values(row.values).every(isEmpty)) continue;
    rows += 1;
    for (const name of row.header ?? Object.keys(row.values)) {
      if (columns.has(name) || isBlank(name)) continue;
      if (columns.size < MAX_COLUMNS || wanted.includes(name)) {
        columns.set(name, new ColumnReader(name));
      } else hasMore = true;
    }
    for (const column of columns.values()) column.see(row);
  }
  if (rows === 0) throw noRows(path, notes);
  const described = [...columns.values()].map((column) => column.describe(rows));
  return { path, rows: rows + unreadable, unreadable, columns: described, hasMore };
}

/** Builds the error for a list without rows, or without columns that have a name of their own. */
function noRows(path: string, notes: SourceNotes): RowmillError {
  const isNamed = notes.repeated.size === 0 && notes.unnamed.length === 0;
  if (isNamed) return new RowmillError('rows_empty', 'no rows that can be read', { where: path });
  return new RowmillError(
    'rows_empty',
    `no rows that can be read: ${notes.warnings().join('; ')}`,
    {
      where: path,
      remedy: 'Give each column a name of its own in the first line.',
    },
  );
}

/** Returns the named column. @throws RowmillError `usage` with those that are there */
export function columnNamed({ columns, path }: List, name: string): ListColumn {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  const meant = nearest(name, names);
  const hint = meant === null ? '' : ` · did you mean ${quoted(meant)}?`;
  throw new RowmillError('usage', `there is no column ${quoted(name)}${hint}`, {
    where: path,
    remedy: `Name one of: ${names
      .slice(0, 40)
      .map((each) => quoted(each))
      .join(', ')}.`,
  });
}

const isEmpty = (value: Json): boolean =>
  value === null || (typeof value === 'string' && isBlank(value));

const NUMBER = /^[-+]?[\d.,'\s]*\d\s*%?$/;
const DOMAIN = /^(?:https?:\/\/)?(?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,24}(?:[/?#:]\S*)?$/iu;
const MAIL = /^[^\s@]{1,64}@[^\s@]{1,200}\.[^\s@.]{2,24}$/;

/** Characters of a value that is compared with a pattern. */
const LONGEST = 300;

class ColumnReader {
  readonly #name: string;
  #keys: RowCheck | null;
  #seen = 0;
  #missed = 0;
  #filled = 0;
  #repeated = 0;
  #length = 0;
  readonly #like = { numbers: 0, domains: 0, mails: 0 };

  constructor(name: string) {
    this.#name = name;
    this.#keys = new RowCheck({ key: name, inputs: [], fieldBytesCap: MAX_FIELD_BYTES });
  }

  see(row: SourceRow): void {
    this.#seen += 1;
    const checked = this.#keys?.check(row);
    if (Array.isArray(checked)) {
      if (checked.some(({ repeatsKey }) => repeatsKey)) this.#repeated += 1;
      else this.#missed += 1;
      const misses = this.#repeated + this.#missed;
      if (this.#seen > ENOUGH_ROWS && misses * 2 > this.#seen) this.#keys = null;
    }
    const value = Object.hasOwn(row.values, this.#name) ? (row.values[this.#name] ?? null) : null;
    if (isEmpty(value)) return;
    this.#filled += 1;
    const text = typeof value === 'string' ? value.trim() : JSON.stringify(value);
    this.#length += text.length;
    if (text.length > LONGEST) return;
    if (NUMBER.test(text)) this.#like.numbers += 1;
    else if (DOMAIN.test(text)) this.#like.domains += 1;
    else if (MAIL.test(text)) this.#like.mails += 1;
  }

  describe(rows: number): ListColumn {
    const filled = this.#filled;
    const share = (count: number): number => (filled === 0 ? 0 : count / filled);
    // Rows before the first one with this field have no value.
    const unusable = this.#missed + rows - this.#seen;
    return {
      name: this.#name,
      filled,
      unusable,
      repeated: this.#keys === null ? rows : this.#repeated,
      numbers: share(this.#like.numbers),
      domains: share(this.#like.domains),
      length: filled === 0 ? 0 : this.#length / filled,
      namedLikeValue:
        (share(this.#like.domains) > 0.5 && DOMAIN.test(this.#name)) ||
        (share(this.#like.mails) > 0.5 && MAIL.test(this.#name)),
    };
  }
}
