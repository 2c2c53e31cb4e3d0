import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { flatRows, NAMES, type Job } from './rows.ts';

/** Writes the rows with the same library. */
export const bare = ({ from, to }: Job): Promise<void> =>
  pipeline(records(from), stringify(), createWriteStream(to));

async function* records(from: string): AsyncGenerator<unknown[]> {
  yield NAMES.slice(0, -1);
  for await (const values of flatRows(from)) yield values.slice(0, -1);
}
