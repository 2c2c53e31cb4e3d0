import type { PostgresTarget } from '../../contract/pipeline.ts';
import type { FlatColumn } from '../formats/flat-columns.ts';
import { MAX_NAME_BYTES } from './names.ts';
import { problemAt } from './table-error.ts';

/** Columns that every table of PostgreSQL has. */
const SYSTEM_COLUMNS: readonly string[] = ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'];

/** Maximum names in a message, and their length there. */
const MAX_NAMED = 5;
const MAX_CHARS = 80;

/** Refuses columns whose names no table of PostgreSQL can have. */
export function refuseNames(target: PostgresTarget, columns: readonly FlatColumn[]): void {
  const reason = reasonOf(columns.map(({ name }) => name));
  if (reason === null) return;
  const remedy = 'Rename it, or leave a column of the source out with `rows.keep`.';
  throw problemAt(target, reason, remedy);
}

function reasonOf(names: readonly string[]): string | null {
  if (names.includes('')) return 'a column has no name';
  const zero = names.find((name) => name.includes('\0'));
  if (zero !== undefined) return `the column name ${shown(zero)} has a zero character`;
  const own = names.find((name) => SYSTEM_COLUMNS.includes(name));
  if (own !== undefined) return `PostgreSQL has a column ${shown(own)} of its own`;
  const long = names.filter((name) => Buffer.byteLength(name) > MAX_NAME_BYTES);
  return long.length === 0 ? null : longText(long);
}

function longText(names: readonly string[]): string {
  const [are, have] = names.length === 1 ? ['name', 'has'] : ['names', 'have'];
  const listed = names.slice(0, MAX_NAMED).map(shown).join(', ');
  const more = names.length > MAX_NAMED ? ', …' : '';
  return `${names.length} column ${are} ${have} more than ${MAX_NAME_BYTES} bytes: ${listed}${more}`;
}

const shown = (name: string): string => `"${name.slice(0, MAX_CHARS).replaceAll('\0', '\uFFFD')}"`;
