import type { Json } from '../../contract/json.ts';
import type { TypedResultRow } from '../../contract/results.ts';
import type { FlatColumn, FlatType } from '../formats/flat-columns.ts';

/**
 * Line of a row in the CSV format of COPY: an empty field is null, an empty text is quoted. Its texts
 * may still have NUL: see `withoutNul`.
 */
export const copyLine = (columns: readonly FlatColumn[], row: TypedResultRow): string =>
  `${columns.map(({ type, of }) => copyField(of(row), type)).join(',')}\n`;

function copyField(value: Json, type: FlatType): string {
  if (value === null) return '';
  if (type === 'texts') return field(listText(Array.isArray(value) ? value : []));
  if (type === 'json') return field(JSON.stringify(value, storable));
  return field(typeof value === 'string' ? value : JSON.stringify(value));
}

const field = (text: string): string => `"${text.replaceAll('"', '""')}"`;

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

/** Replaces NUL, the one character that PostgreSQL does not store; cheapest for many lines at once. */
export const withoutNul = (text: string): string => text.replaceAll('\0', '\uFFFD');
