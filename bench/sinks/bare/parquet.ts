import { open } from 'node:fs/promises';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { flatRows, NAMES, type Job } from './rows.ts';

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
const EMPLOYEES = NAMES.indexOf('employees');
const GROUP_ROWS = 10_000;

/** Writes the rows with the same library, and does nothing else: no types, no atomic file. */
export async function bare({ from, to }: Job): Promise<void> {
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
  for await (const values of flatRows(from)) {
    values[EMPLOYEES] = BigInt(Number(values[EMPLOYEES]));
    for (const [at, value] of values.entries()) group[at]?.push(value);
    if (group[0]?.length === GROUP_ROWS) await flush();
  }
  if ((group[0]?.length ?? 0) > 0) await flush();
  await parquet.finish();
  await file.write(writer.getBytes());
  await file.close();
}
