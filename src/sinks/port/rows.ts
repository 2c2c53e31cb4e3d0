import { rowTyper } from '../../answers/typed-rows.ts';
import type { TypePolicy } from '../../contract/pipeline.ts';
import type { ResultRow, TypedResultRow } from '../../contract/results.ts';
import { RowmillError } from '../../errors.ts';
import type { Folder } from '../../store/store.ts';
import type { SinkContext } from './sink.ts';

/**
 * Returns a function that reads the lines of stored results, in their order, with their answers typed.
 * It throws `store_unreadable` with the number of a damaged line.
 */
export function rowReader(
  folder: Folder,
  { storeName, columns }: Pick<SinkContext, 'storeName' | 'columns'>,
  policy: TypePolicy,
): (line: string) => TypedResultRow {
  const typed = rowTyper(columns.answers ?? {}, policy);
  let lines = 0;
  const where = (): string => `${folder.locate(storeName)}:${lines}`;
  return (line) => {
    lines += 1;
    return typed(resultRowOf(line, where)).row;
  };
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
