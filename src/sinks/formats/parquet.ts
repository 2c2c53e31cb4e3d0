import type { ByteWriter, ColumnSource, SchemaElement } from 'hyparquet-writer';
import type { Json } from '../../contract/json.ts';
import type { ResultTarget } from '../../contract/pipeline.ts';
import type { PublishedFile } from '../../contract/results.ts';
import type { Folder } from '../../store/store.ts';
import { publishFile, type WriteChunk } from '../files/destination.ts';
import { flatColumns, type FlatType } from './flat-columns.ts';
import { probeTarget } from '../files/probe-target.ts';
import { rowReader } from '../port/rows.ts';
import type { Sink, SinkContext } from '../port/sink.ts';

/** Rows and characters of JSON after which a row group is written: what is held in memory. */
const GROUP_ROWS = 10_000;
const GROUP_CHARS = 4 * 1024 * 1024;

const FORMAT = {
  name: 'parquet',
  extension: '.parquet',
  mediaTypes: ['application/vnd.apache.parquet'],
  types: 'check',
} as const;

/**
 * Writes the stored results as Parquet to the target, atomically, row group by row group. Throws
 * `sink_unwritable`, `store_unreadable` with the line, or the reason of the signal.
 */
const publishParquet = (
  folder: Folder,
  { to, types = FORMAT.types }: Pick<ResultTarget, 'to' | 'types'>,
  context: SinkContext,
): Promise<PublishedFile> =>
  publishFile(to, async (write) => {
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
    const columns = flatColumns(context.columns, types, inLowerCase);
    const schema = [
      { name: 'root', num_children: columns.length },
      ...columns.flatMap(({ name, type }, at) => elementsOf(name, type, at === 0)),
    ];
    const bytes = new ByteWriter();
    const parquet = new ParquetWriter({ writer: bytes, schema, createdBy: 'rowmill' });
    let group = columns.map((): unknown[] => []);
    let inGroup = 0;
    let chars = 0;
    let rows = 0;
    const flush = async (): Promise<void> => {
      context.signal?.throwIfAborted();
      const columnData = columns.map(({ name }, at): ColumnSource => ({
        name,
        data: group[at] ?? [],
      }));
      if (inGroup > 0) await parquet.write({ columnData, rowGroupSize: inGroup });
      await drain(bytes, write);
      group = columns.map(() => []);
      [inGroup, chars] = [0, 0];
    };
    const read = rowReader(folder, context, types);
    for await (const line of folder.lines(context.storeName)) {
      const row = read(line);
      for (let at = 0; at < columns.length; at += 1) {
        const column = columns[at];
        if (column !== undefined) group[at]?.push(parquetValue(column.of(row), column.type));
      }
      rows += 1;
      inGroup += 1;
      chars += line.length;
      if (inGroup === GROUP_ROWS || chars >= GROUP_CHARS) await flush();
    }
    await flush();
    await parquet.finish();
    await drain(bytes, write);
    return rows;
  });

/** Names that differ only in case are one column to most readers of Parquet. */
const inLowerCase = (name: string): string => name.toLowerCase();

/** Moves the bytes so far to the file; offsets go on counting. */
async function drain(bytes: ByteWriter, write: WriteChunk): Promise<void> {
  await write(bytes.getBytes());
  bytes.index = 0;
}

const PHYSICAL = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'DOUBLE' },
  integer: { type: 'INT64' },
  boolean: { type: 'BOOLEAN' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
} as const satisfies Record<Exclude<FlatType, 'texts'>, Partial<SchemaElement>>;

/** Schema elements of a column; a list has three, as the format's specification says. */
function elementsOf(name: string, type: FlatType, isKey: boolean): SchemaElement[] {
  if (type === 'texts') {
    return [
      { name, repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', ...PHYSICAL.text },
    ];
  }
  return [{ name, repetition_type: isKey ? 'REQUIRED' : 'OPTIONAL', ...PHYSICAL[type] }];
}

const parquetValue = (value: Json, type: FlatType): unknown =>
  type === 'integer' && typeof value === 'number' ? BigInt(value) : value;

/** Sink for Parquet files. */
export const parquet = {
  schemes: ['file', 's3'],
  formats: [FORMAT],
  probe: probeTarget,
  publish: publishParquet,
} as const satisfies Sink;
