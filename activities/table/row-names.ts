import type { TableRef } from '../../src/contract/table.ts';
import type { Folder } from '../../src/store/store.ts';
import { placedRows, type PlacedRow } from '../run-files/placed-rows.ts';
import { rowIdLines } from '../run-files/row-ids.ts';

/** A table whose rows may have to be named. */
export interface TableRows {
  table: TableRef;
  /** Expected rows. */
  rows: number;
  mayHaveDuplicates: boolean;
}

/** Checks whether a request has to name its rows, because the table has others. */
export const mustNameRows = ({ table, mayHaveDuplicates }: TableRows): boolean =>
  mayHaveDuplicates || table.placeholderRows !== undefined;

/** Rows of a table as they were loaded, in order. Without ids from the replies, by their places. */
export async function* rowNames(folder: Folder, given: TableRows): AsyncGenerator<PlacedRow> {
  if (given.mayHaveDuplicates) {
    yield* rowIdLines(folder);
    return;
  }
  const placed = await placedRows(folder);
  if (placed !== null) yield* placed;
  else yield* rowIndexes(given.table, given.rows).map((id) => ({ key: '', id }));
}

/** Places of the rows behind the placeholders; none in a table without placeholders. */
export const rowIndexes = ({ placeholderRows }: TableRef, rows: number): string[] =>
  placeholderRows === undefined
    ? []
    : Array.from({ length: rows }, (_, at) => String(placeholderRows.rows + at));
