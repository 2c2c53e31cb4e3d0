import { open } from 'node:fs/promises';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ResultRow } from '../../src/contract/results.ts';
import { readLines } from '../../src/store/disk/lines.ts';

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
const NAMES = ['key', 'input', 'sector', 'employees', 'profile', '_status', '_sources'];
const GROUP_ROWS = 10_000;

/** Writes the rows with the same library, and does nothing else: no types, no atomic file. */
export async function bareParquet(from: string, to: string): Promise<void> {
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: NAMES.length },
      ...['key', 'input', 'sector'].map((name) => ({ name, ...TEXT })),
      { name: 'employees', type: 'INT64', repetition_type: 'OPTIONAL' },
      ...['profile', '_status'].map((name) => ({ name, ...TEXT })),
      { name: '_sources', repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', ...TEXT },
    ],
  });
  const file = await open(to, 'w');
  let group = NAMES.map((): unknown[] => []);
  const flush = async (): Promise<void> => {
    const columnData = NAMES.map((name, at) => ({ name, data: group[at] ?? [] }));
    await parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    await file.write(writer.getBytes());
    writer.index = 0;
    group = NAMES.map(() => []);
  };
  for await (const line of readLines(from)) {
    // Safe cast: the bench wrote the line.
    const { key, input, cells } = JSON.parse(line) as ResultRow;
    const values = [
      key,
      input['input'],
      cells['sector']?.value,
      BigInt(Number(cells['employees']?.value)),
      cells['profile']?.value,
      'complete',
      cells['profile']?.sources,
    ];
    for (const [at, value] of values.entries()) group[at]?.push(value);
    if (group[0]?.length === GROUP_ROWS) await flush();
  }
  if ((group[0]?.length ?? 0) > 0) await flush();
  await parquet.finish();
  await file.write(writer.getBytes());
  await file.close();
}
