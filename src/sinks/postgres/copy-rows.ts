import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import type { TypePolicy } from '../../contract/pipeline.ts';
import type { Folder } from '../../store/store.ts';
import type { FlatColumn } from '../formats/flat-columns.ts';
import { rowReader } from '../port/rows.ts';
import type { TableContext } from '../port/table-sink.ts';
import { encoded, lineOf } from './copy-text.ts';

/** Results, and the columns in which their rows are copied. */
export interface CopiedRows {
  files: Folder;
  context: TableContext;
  columns: readonly FlatColumn[];
  types: TypePolicy;
}

/** Number of rows, and a digest of their text by which a repeated publication is recognized. */
interface Copied {
  rows: number;
  digest: string;
}

/** Copies the rows into a table: one reading of the results. */
export async function copyRows(
  client: Client,
  table: string,
  results: CopiedRows,
): Promise<Copied> {
  const { from } = (await import('pg-copy-streams')).default;
  const copy = client.query(from(`COPY ${table} FROM STDIN (FORMAT csv)`));
  const { signal } = results.context;
  const text = new CopyText(results);
  await pipeline(Readable.from(text.batches()), copy, signal === undefined ? {} : { signal });
  return text.copied();
}

/** Reads the rows for their digest alone. */
export async function digestOf(results: CopiedRows): Promise<string> {
  const text = new CopyText(results);
  const batches = text.batches();
  while ((await batches.next()).done !== true) results.context.signal?.throwIfAborted();
  return text.copied().digest;
}

/** Characters after which lines are sent. */
const BATCH_CHARS = 64 * 1024;

/** Rows as the text of COPY. */
class CopyText {
  readonly #results: CopiedRows;
  readonly #hash = createHash('sha256');
  #rows = 0;

  constructor(results: CopiedRows) {
    this.#results = results;
  }

  async *batches(): AsyncGenerator<Buffer> {
    const { files, context, columns, types } = this.#results;
    const read = rowReader(files, context, types);
    const copied = lineOf(columns);
    let batch = '';
    for await (const line of files.lines(context.storeName)) {
      this.#rows += 1;
      batch += copied(read(line));
      if (batch.length < BATCH_CHARS) continue;
      yield this.#hashed(batch);
      batch = '';
    }
    if (batch !== '') yield this.#hashed(batch);
  }

  copied(): Copied {
    return { rows: this.#rows, digest: this.#hash.digest('hex') };
  }

  #hashed(batch: string): Buffer {
    const bytes = encoded(batch);
    this.#hash.update(bytes);
    return bytes;
  }
}
