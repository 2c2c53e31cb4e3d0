import type { Json } from '../../contract/json.ts';
import type { TypedResultRow } from '../../contract/results.ts';
import type { FlatColumn, FlatType } from '../formats/flat-columns.ts';

/**
 * Returns a function that writes a row as a line in the CSV format of COPY: an empty field is null, an
 * empty text is quoted. Its texts may still have NUL: see `encoded`.
 */
export function lineOf(columns: readonly FlatColumn[]): (row: TypedResultRow) => string {
  const fields = columns.map(({ type, of }) => ({ of, text: FIELD_OF[type] }));
  return (row) => {
    let line = '';
    for (const { of, text } of fields) {
      const value = of(row);
      line += value === null ? ',' : `${text(value)},`;
    }
    return `${line.slice(0, -1)}\n`;
  };
}

const plain = (value: Json): string => {
  if (typeof value === 'string') return field(value);
  return typeof value === 'object' ? field(JSON.stringify(value)) : JSON.stringify(value);
};

/** Field of a value that is not null. */
const FIELD_OF: Readonly<Record<FlatType, (value: Json) => string>> = {
  text: plain,
  number: plain,
  integer: plain,
  boolean: plain,
  json: (value) => field(JSON.stringify(value, storable)),
  texts: (value) => field(listText(Array.isArray(value) ? value : [])),
};

/** Most texts have no quote: finding none is cheaper than replacing none. */
const field = (text: string): string =>
  text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`;

const listText = (items: readonly Json[]): string =>
  `{${items.map((item) => (typeof item === 'string' ? listItem(item) : 'NULL')).join(',')}}`;

const NEEDS_ESCAPE = /["\\]/;

const listItem = (item: string): string =>
  NEEDS_ESCAPE.test(item) ? `"${item.replace(/["\\]/g, '\\$&')}"` : `"${item}"`;

/** Replaces NUL, which `jsonb` refuses also in names of fields. */
const storable = (_key: string, value: unknown): unknown => {
  if (typeof value === 'string') return withoutNul(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [withoutNul(name), one as unknown]),
  );
};

/** Encodes lines of COPY without NUL, the one character that PostgreSQL does not store. */
export function encoded(lines: string): Buffer {
  const bytes = Buffer.from(lines);
  return bytes.includes(0) ? Buffer.from(withoutNul(lines)) : bytes;
}

const withoutNul = (text: string): string => text.replaceAll('\0', '\uFFFD');
