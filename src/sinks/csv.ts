import { stringify } from 'csv-stringify';
import type { PublishedFile, ResultRow } from '../contract/results.ts';
import { RowmillError } from '../errors.ts';
import type { Folder } from '../store/store.ts';
import { csvCell, csvText } from './csv-cell.ts';
import { csvHeader } from './csv-header.ts';
import type { WriteChunk } from './destination.ts';
import { publishFile } from './destination.ts';

/** What the CSV has columns for, in this order. */
export interface ResultColumns {
  /** Keys of the answer columns. */
  columns: string[];
  /** Names of the table's input columns. */
  inputs: string[];
}

/** Rows are written together until their JSON has so many characters. */
const BATCH_CHARS = 256 * 1024;

/**
 * Writes the results of the store as CSV (UTF-8, `\n`, header first) to `path`, in one step.
 * Throws `sink_unwritable`, `store_unreadable` with the line, or the reason of the signal.
 */
export const publishCsv = (
  folder: Folder,
  storeName: string,
  path: string,
  { columns, inputs }: ResultColumns,
  signal?: AbortSignal,
): Promise<PublishedFile> =>
  publishFile(path, async (write) => {
    let batch = [csvHeader(inputs, columns)];
    let chars = 0;
    let rows = 0;
    for await (const line of folder.lines(storeName)) {
      rows += 1;
      const row = resultRowOf(line, `${folder.locate(storeName)}:${rows}`);
      batch.push(recordOf(row, inputs, columns));
      chars += line.length;
      if (chars < BATCH_CHARS) continue;
      signal?.throwIfAborted();
      await writeRecords(write, batch);
      batch = [];
      chars = 0;
    }
    signal?.throwIfAborted();
    await writeRecords(write, batch);
    return rows;
  });

/** Readers end a row at a bare CR, too: outside quotes the rest of the cell would be a row of its own. */
const QUOTED = /\r/;

const writeRecords = async (write: WriteChunk, records: string[][]): Promise<void> => {
  const text = await new Promise<string>((resolve, reject) => {
    stringify(records, { record_delimiter: '\n', quoted_match: QUOTED }, (error, output) => {
      if (error) reject(error);
      else resolve(output);
    });
  });
  await write(Buffer.from(text, 'utf8'));
};

const recordOf = (row: ResultRow, inputs: string[], columns: string[]): string[] => [
  csvText(row.key),
  // `hasOwn`: a column may be called `constructor`.
  ...inputs.map((name) =>
    csvCell(Object.hasOwn(row.input, name) ? (row.input[name] ?? null) : null),
  ),
  ...columns.map((key) => csvCell(cellOf(row, key)?.value ?? null)),
  csvText(statusOf(row, columns)),
];

const cellOf = (row: ResultRow, key: string) =>
  Object.hasOwn(row.cells, key) ? row.cells[key] : undefined;

/** `complete`, or the columns without an answer: `sector=failed;peer=blocked`. */
const statusOf = (row: ResultRow, columns: string[]): string => {
  const missing = columns.flatMap((key) => {
    const status = cellOf(row, key)?.status ?? 'pending';
    return status === 'done' ? [] : [`${key}=${status}`];
  });
  if (missing.length > 0) return missing.join(';');
  return row.complete ? 'complete' : 'partial';
};

const resultRowOf = (line: string, where: string): ResultRow => {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    // Said below, without the parser's words: they quote the content.
  }
  if (!isResultRow(row)) {
    throw new RowmillError('store_unreadable', 'the line is not a result row', { where });
  }
  return row;
};

/** Our own file: only damage is looked for, not every field. */
const isResultRow = (row: unknown): row is ResultRow =>
  isObject(row) &&
  'key' in row &&
  typeof row.key === 'string' &&
  'input' in row &&
  isObject(row.input) &&
  'cells' in row &&
  isObject(row.cells);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
