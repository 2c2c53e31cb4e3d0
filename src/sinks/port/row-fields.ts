import type { Json } from '../../contract/json.ts';
import type { TypedCell, TypedResultRow } from '../../contract/results.ts';

/** `hasOwn`, because a column may be called `constructor`. */
export const fieldOf = (fields: Record<string, Json>, name: string): Json =>
  Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;

export const cellOf = (
  { cells }: { cells: Record<string, TypedCell> },
  key: string,
): TypedCell | undefined => (Object.hasOwn(cells, key) ? cells[key] : undefined);

/**
 * Returns `complete`, or the columns without an answer: `sector=failed;peer=blocked`. A row that left
 * the source is `vanished`, with those columns behind.
 */
export const statusOf = (row: TypedResultRow, columns: string[]): string => {
  const missing: string[] = [];
  for (const key of columns) {
    const status = cellOf(row, key)?.status ?? 'pending';
    if (status !== 'done' && status !== 'skipped') missing.push(`${key}=${status}`);
  }
  if (row.vanished === true) return ['vanished', ...missing].join(';');
  if (missing.length > 0) return missing.join(';');
  return row.complete ? 'complete' : 'partial';
};
