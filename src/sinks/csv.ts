import type { ResultTarget } from '../contract/pipeline.ts';
import type { PublishedFile, ResultRow } from '../contract/results.ts';
import { RowmillError } from '../errors.ts';
import type { Folder } from '../store/store.ts';
import { csvLayout } from './csv-layout.ts';
import { recordsText } from './csv-records.ts';
import { publishFile, type WriteChunk } from './destination.ts';
import { probeTarget } from './probe-target.ts';
import type { Sink, SinkContext } from './sink.ts';

/** Characters of JSON after which a batch of rows is written. */
const BATCH_CHARS = 256 * 1024;

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Writes the stored results as CSV (UTF-8, `\n`, header first) to the target, atomically. Throws
 * `sink_unwritable`, `store_unreadable` with the line, or the reason of the signal.
 */
const publishCsv = (
  folder: Folder,
  { to, csv: options = {} }: Pick<ResultTarget, 'to' | 'csv'>,
  { storeName, columns, signal }: SinkContext,
): Promise<PublishedFile> =>
  publishFile(to, async (write) => {
    const layout = csvLayout(columns, options);
    if (options.bom === true) await write(BYTE_ORDER_MARK);
    let batch = [layout.header];
    let chars = 0;
    let rows = 0;
    for await (const line of folder.lines(storeName)) {
      rows += 1;
      const row = resultRowOf(line, `${folder.locate(storeName)}:${rows}`);
      batch.push(layout.record(row));
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

const writeRecords = async (write: WriteChunk, records: string[][]): Promise<void> => {
  await write(Buffer.from(await recordsText(records), 'utf8'));
};

const resultRowOf = (line: string, where: string): ResultRow => {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    // Reported below, without the parser's message, which quotes the content.
  }
  if (!isResultRow(row)) {
    throw new RowmillError('store_unreadable', 'the line is not a result row', { where });
  }
  return row;
};

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

/** Sink for CSV files. */
export const csv = {
  schemes: ['file'],
  formats: [{ name: 'csv', extension: '.csv', mediaTypes: ['text/csv'] }],
  probe: probeTarget,
  publish: publishCsv,
} as const satisfies Sink;
