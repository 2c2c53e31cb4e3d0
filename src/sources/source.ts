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
  const bytes =
    source.type === 'file'
      ? fileBytes(source.path)
      : streamBytes(options.stdin ?? process.stdin, where);
  const blocks = utf8Blocks(bytes, where, MAX_JSON_BYTES);
  const known = source.format;
  const { format, all } =
    known === undefined ? await sniffed(blocks) : { format: known, all: blocks };
  if (format === 'csv') yield* csvRows(all, where, report, options.notes ?? new SourceNotes());
  else if (format === 'jsonl') yield* jsonlRows(all, report);
  else yield* jsonRows(all, where, report);
}

/** Returns a name for display. */
export const sourceName = (source: RowsSource): string => {
  if (source.type === 'file') return source.path;
  return source.type === 'stdin' ? 'standard input' : 'rows.inline';
};

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
