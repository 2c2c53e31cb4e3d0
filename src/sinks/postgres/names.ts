/** Bytes of a name that PostgreSQL keeps; it cuts longer ones without a word. */
export const MAX_NAME_BYTES = 63;

/** `schema.table` or `table`, as a pipeline file names it. */
export const TABLE_PATTERN = /^(?:[A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}$/;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `gtm.sp500` → `"gtm"."sp500"`; a table without a schema is in `public`. */
export const quotedTable = (table: string): string =>
  `${quoted(schemaOf(table))}.${quoted(tableOf(table))}`;

export const schemaOf = (table: string): string =>
  table.includes('.') ? (table.split('.')[0] ?? '') : 'public';

export const tableOf = (table: string): string => table.split('.').at(-1) ?? '';
