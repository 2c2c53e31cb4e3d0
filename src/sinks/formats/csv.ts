import type { ResultTarget } from '../../contract/pipeline.ts';
import type { PublishedFile } from '../../contract/results.ts';
import type { Folder } from '../../store/store.ts';
import { csvLayout } from './csv-layout.ts';
import { recordsText } from './csv-records.ts';
import { publishFile, type WriteChunk } from '../files/destination.ts';
import { probeTarget } from '../files/probe-target.ts';
import { rowReader } from '../port/rows.ts';
import type { Sink, SinkContext } from '../port/sink.ts';

/** Characters of JSON after which a batch of rows is written. */
const BATCH_CHARS = 256 * 1024;

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Writes the stored results as CSV (UTF-8, `\n`, header first) to the target, atomically. Throws
 * `sink_unwritable`, `store_unreadable` with the line, or the reason of the signal.
 */
const publishCsv = (
  folder: Folder,
  { to, csv: options = {}, types = 'off' }: Pick<ResultTarget, 'to' | 'csv' | 'types'>,
  context: SinkContext,
): Promise<PublishedFile> =>
  publishFile(to, async (write) => {
    const { columns, signal } = context;
    const layout = csvLayout(columns, options);
    if (options.bom === true) await write(BYTE_ORDER_MARK);
    let batch = [layout.header];
    let chars = 0;
    let rows = 0;
    const read = rowReader(folder, context, types);
    for await (const line of folder.lines(context.storeName)) {
      rows += 1;
      batch.push(layout.record(read(line)));
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
  await write(Buffer.from(recordsText(records), 'utf8'));
};

/** Sink for CSV files. */
export const csv = {
  schemes: ['file', 's3'],
  formats: [{ name: 'csv', extension: '.csv', mediaTypes: ['text/csv'] }],
  probe: probeTarget,
  publish: publishCsv,
} as const satisfies Sink;
