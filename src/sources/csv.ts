import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { unreadable, type Block } from './bytes.ts';
import { sniffDelimiter } from './delimiter.ts';
import { LineCursor } from './line-cursor.ts';
import { quoted, type ReportProblem, type SourceRow } from './row.ts';

/** A quote that is never closed would otherwise read the whole file as one row. */
const MOST_ROW_BYTES = 32 * 1024 * 1024;

const SNIFFED_BYTES = 64 * 1024;

const QUOTES: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened in this row and never closed',
  INVALID_OPENING_QUOTE: 'a quote inside a field; quote the whole field and double the quote: ""',
  CSV_INVALID_CLOSING_QUOTE: 'text behind a closing quote; inside a field a quote is doubled: ""',
  CSV_MAX_RECORD_SIZE: 'a row of more than 32 MiB (a quote that is never closed?)',
};

/**
 * Rows of a CSV with a header. The delimiter (comma, semicolon, tab) is told from the first lines;
 * line ends may be of any kind.
 * @throws RowmillError `source_unreadable`
 */
export async function* csvRows(
  blocks: AsyncIterable<Block>,
  where: string,
  report: ReportProblem,
): AsyncGenerator<SourceRow> {
  const cursor = new LineCursor();
  const iterator = blocks[Symbol.asyncIterator]();
  const start = await iterator.next();
  if (start.done === true) return;
  const first = start.value.bytes;

  async function* fed(): AsyncGenerator<Buffer> {
    cursor.feed(first);
    yield first;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      cursor.feed(next.value.bytes);
      yield next.value.bytes;
    }
  }
  const parser = parse({
    delimiter: sniffDelimiter(first.subarray(0, SNIFFED_BYTES).toString('utf8')),
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MOST_ROW_BYTES,
  });
  // Errors of either side come out of the loop below.
  pipeline(Readable.from(fed()), parser, () => undefined);

  let header: string[] | null = null;
  try {
    const records: AsyncIterable<{ record: string[]; info: { bytes: number } }> = parser;
    for await (const { record, info } of records) {
      const line = cursor.nextLine();
      cursor.advanceTo(info.bytes);
      if (header === null) {
        header = headerOf(record, where);
      } else if (record.length === header.length) {
        const values = Object.fromEntries(header.map((name, at) => [name, record[at] ?? '']));
        yield { line, unit: 'line', values, header };
      } else {
        const what = `${fields(record.length)}, the header has ${header.length}`;
        report({ line, unit: 'line', what });
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const bytes: unknown = error['bytes'];
    // Where the last whole row ended, the broken one begins.
    if (typeof bytes === 'number') cursor.advanceTo(bytes);
    const what = QUOTES[error.code] ?? `not readable as CSV (${error.code})`;
    throw unreadable(`line ${cursor.nextLine()}: ${what}`, where, error);
  } finally {
    parser.destroy();
    // Not awaited: on standard input it would wait for bytes that may never come.
    iterator.return?.().catch(() => undefined);
  }
}

const fields = (count: number): string => (count === 1 ? '1 field' : `${count} fields`);

function headerOf(record: string[], where: string): string[] {
  const header = record.map((name) => name.trim());
  const problems = header.flatMap((name, at) => {
    if (name === '') return [`column ${at + 1} of the header has no name`];
    const before = header.indexOf(name);
    return before < at ? [`columns ${before + 1} and ${at + 1} are both ${quoted(name)}`] : [];
  });
  if (problems.length > 0) throw unreadable(problems.slice(0, 20).join('\n'), where);
  return header;
}
