import type { ChangeLine } from '../../contract/results.ts';
import { RowmillError } from '../../errors.ts';
import { csvCell, csvText } from './csv-layout.ts';
import { recordsText } from './csv-records.ts';

const HEADER = ['key', 'change', 'column', 'from', 'to', 'at'];

/**
 * Converts lines of a changes file to CSV: one record for each answer that differs, one without a
 * column for a row without any. Yields text in pieces. Throws `store_unreadable` with the line.
 */
export async function* changesCsv(
  lines: AsyncIterable<string>,
  where: string,
): AsyncGenerator<string> {
  yield recordsText([HEADER]);
  let line = 0;
  for await (const text of lines) {
    line += 1;
    yield recordsText(recordsOf(changeLine(text, `${where}:${line}`)));
  }
}

function recordsOf({ key, change, columns, at }: ChangeLine): string[][] {
  const differing = Object.entries(columns);
  if (differing.length === 0) return [[key, change, '', '', '', at]];
  return differing.map(([column, { from, to }]) => [
    // Keys stay verbatim for joins, as in results.
    key,
    change,
    csvText(column),
    csvCell(from),
    csvCell(to),
    at,
  ]);
}

function changeLine(text: string, where: string): ChangeLine {
  try {
    // Written by writeChanges in this shape; damage shows in the fields that are read.
    const line = JSON.parse(text) as Partial<ChangeLine> | null;
    if (typeof line?.key === 'string' && typeof line.columns === 'object') {
      return line as ChangeLine;
    }
  } catch {
    // Reported below, without the parser's message, which quotes the content.
  }
  throw new RowmillError('store_unreadable', 'the line is not a change', { where });
}
