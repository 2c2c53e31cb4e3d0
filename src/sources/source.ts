import type { Readable } from 'node:stream';
import type { RowsFormat, RowsSource } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import { fileBytes, streamBytes, utf8Blocks, type Block } from './formats/bytes.ts';
import { csvRows } from './formats/csv.ts';
import { jsonlRows, jsonRows, listRows, MAX_JSON_BYTES } from './formats/json.ts';
import { problemText, type ReportProblem, type SourceRow } from './rows/row.ts';
import { SourceNotes } from './rows/source-notes.ts';

export interface SourceOptions {
  /** Stream for standard input. @default process.stdin */
  stdin?: Readable;
  /** Variables with addresses of databases and of the proxy. @default process.env */
  env?: Env | undefined;
  /**
   * Called for every unreadable row; reading continues behind it.
   * @default the first one ends the reading with `source_unreadable`
   */
  onProblem?: ReportProblem;
  /** Records what was skipped. @default not recorded */
  notes?: SourceNotes;
}

/**
 * Streams the rows of a source; CSV and JSON Lines are never in memory as a whole.
 * @throws RowmillError `source_not_found`, `source_unreadable`, while iterating
 */
export async function* openSource(
  source: RowsSource,
  options: SourceOptions = {},
): AsyncGenerator<SourceRow> {
  const where = sourceName(source);
  const report: ReportProblem =
    options.onProblem ??
    ((problem) => {
      throw new RowmillError('source_unreadable', problemText(problem), { where });
    });
  if (source.type === 'inline') {
    yield* listRows(source.rows, report);
    return;
  }
  const blocks = utf8Blocks(await bytesOf(source, options, where), where, MAX_JSON_BYTES);
  const known = source.type === 'postgres' ? 'jsonl' : source.format;
  const { format, all } =
    known === undefined ? await sniffed(blocks) : { format: known, all: blocks };
  if (format === 'csv') yield* csvRows(all, where, report, options.notes ?? new SourceNotes());
  else if (format === 'jsonl') yield* jsonlRows(all, report);
  else yield* jsonRows(all, where, report);
}

type ReadSource = Exclude<RowsSource, { type: 'inline' }>;

/** Clients of HTTP and of databases are loaded when a source needs one. */
async function bytesOf(
  source: ReadSource,
  { stdin = process.stdin, env = process.env }: SourceOptions,
  where: string,
): Promise<AsyncGenerator<Buffer>> {
  switch (source.type) {
    case 'file':
      return fileBytes(source.path);
    case 'stdin':
      return streamBytes(stdin, where);
    case 'url':
      return (await import('./formats/https-bytes.ts')).httpsBytes(source.url, env);
    case 'postgres':
      return (await import('./formats/postgres-bytes.ts')).postgresBytes(source, env);
  }
}

/** Returns a name for display, without secrets. */
export const sourceName = (source: RowsSource): string => {
  switch (source.type) {
    case 'file':
      return source.path;
    case 'stdin':
      return 'standard input';
    case 'inline':
      return 'rows.inline';
    case 'url':
      return source.url.replace(/[?#].*$/, '');
    case 'postgres':
      return `postgres:${source.urlEnv}`;
  }
};

/** Variables by name. */
type Env = Readonly<Record<string, string | undefined>>;

/** Detects the format by the first character: `[` a JSON array, `{` JSON Lines, otherwise CSV. */
async function sniffed(
  blocks: AsyncGenerator<Block>,
): Promise<{ format: RowsFormat; all: AsyncIterable<Block> }> {
  const held: Block[] = [];
  let start = '';
  while (start === '') {
    const next = await blocks.next();
    if (next.done === true) break;
    held.push(next.value);
    start = next.value.bytes.toString('utf8', 0, 4096).trimStart().slice(0, 1);
  }
  async function* all(): AsyncGenerator<Block> {
    yield* held;
    yield* blocks;
  }
  const format = start === '[' ? 'json' : start === '{' ? 'jsonl' : 'csv';
  return { format, all: all() };
}
