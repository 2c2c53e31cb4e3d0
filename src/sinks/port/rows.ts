import { rowTyper } from '../../answers/typed-rows.ts';
import type { TypePolicy } from '../../contract/pipeline.ts';
import type { ResultRow, TypedResultRow } from '../../contract/results.ts';
import { RowmillError } from '../../errors.ts';
import type { Folder } from '../../store/store.ts';
import type { SinkContext } from './sink.ts';

/** Result row, and the length of its line in the store. */
export interface ReadRow {
  row: TypedResultRow;
  chars: number;
}

/**
 * Reads result rows from the store, with their answers typed.
 *
 * @throws RowmillError `store_unreadable` with the line
 */
export async function* resultRows(
  folder: Folder,
  { storeName, columns }: Pick<SinkContext, 'storeName' | 'columns'>,
  policy: TypePolicy,
): AsyncGenerator<ReadRow> {
  const typed = rowTyper(columns.answers ?? {}, policy);
  let lines = 0;
  for await (const line of folder.lines(storeName)) {
    lines += 1;
    const row = resultRowOf(line, () => `${folder.locate(storeName)}:${lines}`);
    yield { row: typed(row).row, chars: line.length };
  }
}

/** Parses a line of results. @throws RowmillError `store_unreadable` */
export function resultRowOf(line: string, where: () => string): ResultRow {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    // Reported below, without the parser's message, which quotes the content.
  }
  if (!isResultRow(row)) {
    throw new RowmillError('store_unreadable', 'the line is not a result row', {
      where: where(),
    });
  }
  return row;
}

/** Detects damage only, without checking every field: rowmill wrote the file. */
const isResultRow = (row: unknown): row is ResultRow =>
  isObject(row) &&
  'key' in row &&
  typeof row.key === 'string' &&
  'input' in row &&
  isObject(row.input) &&
  'cells' in row &&
  isObject(row.cells);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
