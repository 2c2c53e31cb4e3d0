import type { PostgresTarget } from '../../contract/pipeline.ts';
import type { SnapshotRow } from '../../contract/rows.ts';
import type { FlatColumn } from '../formats/flat-columns.ts';
import { problemAt } from './table-error.ts';

/**
 * Columns whose texts always fit into a page of PostgreSQL: a long text takes 18 bytes there, one of 23
 * characters 24.
 */
const SURE_COLUMNS = 330;

/** Cautions against rows that may be larger than a page, which PostgreSQL refuses. */
export const rowSizeCaution = (columns: number): string | null =>
  columns <= SURE_COLUMNS
    ? null
    : `PostgreSQL refuses a row above 8 kB: of ${columns} columns most must be empty or short; up to ${SURE_COLUMNS} always fit. rows.keep leaves some out`;

/** Bytes of a page for a row, and those of the row that are no column. */
const PAGE_BYTES = 8_160;
const HEADER_BYTES = 24;

/** Letters of a text that stays in its row, and least bytes of a longer one, which may be compressed. */
const SHORT_LETTERS = 23;
const LEAST_BYTES = 12;

const leastBytes = (text: string): number => {
  const bytes = Buffer.byteLength(text);
  return bytes <= SHORT_LETTERS ? bytes + 1 : LEAST_BYTES;
};

/**
 * Refuses rows that fit into no page, whatever their answers are.
 *
 * @throws RowmillError `sink_unwritable` with the row
 */
export async function refuseLargeRows(
  target: PostgresTarget,
  columns: readonly FlatColumn[],
  rows: AsyncIterable<SnapshotRow>,
): Promise<void> {
  if (columns.length <= SURE_COLUMNS) return;
  const known = columns.filter(({ isAnswer, type }) => isAnswer !== true && type === 'text');
  for await (const row of rows) {
    const result = { ...row, rowId: '', cells: {}, complete: false };
    const bytes = known.reduce((sum, { of }) => {
      const value = of(result);
      return typeof value === 'string' ? sum + leastBytes(value) : sum;
    }, HEADER_BYTES);
    if (bytes <= PAGE_BYTES) continue;
    const number = (count: number): string => count.toLocaleString('en-US');
    const reason = `row ${row.key} has at least ${number(bytes)} bytes there, and a row may have ${number(PAGE_BYTES)}`;
    const remedy = 'Keep fewer columns with `rows.keep`, or publish to a file.';
    throw problemAt(target, reason, remedy);
  }
}
