import type { Json } from '../../contract/json.ts';
import type { TypedResultRow } from '../../contract/results.ts';
import type { FlatColumn, FlatType } from '../formats/flat-columns.ts';

/** Line of a row in the CSV format of COPY: an empty field is null, an empty text is quoted. */
export const copyLine = (columns: readonly FlatColumn[], row: TypedResultRow): string =>
  `${columns.map(({ type, of }) => copyField(of(row), type)).join(',')}\n`;

function copyField(value: Json, type: FlatType): string {
  if (value === null) return '';
  if (type === 'texts') return field(listText(Array.isArray(value) ? value : []));
  if (type === 'json') return field(JSON.stringify(value, (_key, one: unknown) => storable(one)));
  return field(typeof value === 'string' ? withoutNul(value) : JSON.stringify(value));
}

const field = (text: string): string => `"${text.replaceAll('"', '""')}"`;

const listText = (items: readonly Json[]): string =>
  `{${items.map((item) => (typeof item === 'string' ? listItem(item) : 'NULL')).join(',')}}`;

const listItem = (item: string): string => `"${withoutNul(item).replace(/["\\]/g, '\\$&')}"`;

const storable = (value: unknown): unknown =>
  typeof value === 'string' ? withoutNul(value) : value;

/** PostgreSQL stores every character but NUL. */
const withoutNul = (text: string): string => text.replaceAll('\0', '\uFFFD');
