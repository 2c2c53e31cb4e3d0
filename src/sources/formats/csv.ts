import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { isBlank } from '../rows/blank.ts';
import type { ReportProblem, SourceRow } from '../rows/row.ts';
import type { SourceNotes } from '../rows/source-notes.ts';
import { unreadable, type Block } from './bytes.ts';
import { sepLine, sniffDelimiter } from './delimiter.ts';
import { Header } from './csv-header.ts';
import { LineCursor } from './line-cursor.ts';

/** Limit, because an unclosed quote would read the whole file as one row. */
const MAX_ROW_BYTES = 32 * 1024 * 1024;

const SNIFFED_BYTES = 64 * 1024;

const BEHIND_QUOTE = 'text behind a closing quote; inside a quoted field a quote is doubled: ""';

const FATAL: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened in this row and never closed',
  CSV_MAX_RECORD_SIZE: 'a row of more than 32 MiB (a quote that is never closed?)',
};

/**
 * Reads the rows of a CSV with a header. The delimiter (comma, semicolon, tab) is detected in the
 * first lines, or set by a line `sep=;`. Accepts all line ends. A quote inside an unquoted field is
 * text.
 * @throws RowmillError `source_unreadable`
 */
export async function* csvRows(
  blocks: AsyncIterable<Block>,
  where: string,
  report: ReportProblem,
  notes: SourceNotes,
): AsyncGenerator<SourceRow> {
  const iterator = blocks[Symbol.asyncIterator]();
  const start = await iterator.next();
  if (start.done === true) return;
  const head = start.value.bytes.subarray(0, SNIFFED_BYTES).toString('utf8');
  const sep = sepLine(head);
  const delimiter = sep?.delimiter ?? sniffDelimiter(head);
  const skipped = sep === null ? 0 : Buffer.byteLength(head.slice(0, sep.length));
  const first = start.value.bytes.subarray(skipped);
  const cursor = new LineCursor(sep === null ? 1 : 2);

  async function* fed(): AsyncGenerator<Buffer> {
    cursor.feed(first);
    yield first;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      cursor.feed(next.value.bytes);
      yield next.value.bytes;
    }
  }
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_ROW_BYTES,
  });
  // The loop below rethrows the errors of both sides.
  pipeline(Readable.from(fed()), parser, () => undefined);

  let header: Header | null = null;
  try {
    const records: AsyncIterable<{ record: string[]; info: { bytes: number } }> = parser;
    for await (const { record, info } of records) {
      const line = cursor.nextLine();
      const torn = closeQuotes(record, () => cursor.textTo(info.bytes), delimiter);
      cursor.advanceTo(info.bytes);
      if (record.every(isBlank)) {
        notes.blankRows += 1;
      } else if (header === null) {
        if (torn) throw unreadable(`line ${line}: ${BEHIND_QUOTE}`, where);
        header = new Header(record, notes);
      } else if (torn) {
        report({ line, unit: 'line', what: BEHIND_QUOTE });
      } else {
        const what = rowProblem(record, header, sep !== null);
        if (what === 'a row') {
          yield { line, unit: 'line', values: header.values(record), header: header.names };
        } else if (what === 'the header') {
          notes.headersAgain.push(line);
        } else if (what === 'the header, moved') {
          throw unreadable(`line ${line}: ${MOVED}`, where);
        } else {
          report({ line, unit: 'line', what });
        }
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const bytes: unknown = error['bytes'];
    // The broken row begins behind the last complete one.
    if (typeof bytes === 'number') cursor.advanceTo(bytes);
    const what = FATAL[error.code] ?? `not readable as CSV (${error.code})`;
    throw unreadable(`line ${cursor.nextLine()}: ${what}`, where, error);
  } finally {
    parser.destroy();
    // Not awaited: standard input might never end.
    iterator.return?.().catch(() => undefined);
  }
}

const MOVED =
  'the header again, with its columns in another order: the rows below would be read wrongly; split the file here';

/**
 * Removes blanks between a closing quote and the end of its field, which the parser treats as text.
 * @returns whether other text follows a closing quote
 */
function closeQuotes(record: string[], text: () => string, delimiter: string): boolean {
  if (!record.some((field) => field.startsWith('"'))) return false;
  const behind = behindQuotes(text(), delimiter);
  for (const [at, what] of behind.entries()) {
    const field = record[at] ?? '';
    if (what === 'blanks') record[at] = field.slice(1, field.lastIndexOf('"'));
  }
  return behind.includes('text');
}

/** Describes what is wrong with a record. */
function rowProblem(record: string[], header: Header, hasSepLine: boolean): string {
  const { width } = header;
  const again = header.standsAgain(record);
  if (again !== null) return again === 'again' ? 'the header' : 'the header, moved';
  // Concatenated files contain further `sep=` lines.
  if (hasSepLine && /^sep=/i.test(record[0] ?? '') && record.slice(1).every(isBlank)) {
    return 'the header';
  }
  const fits =
    record.length === width || (record.length > width && record.slice(width).every(isBlank));
  return fits ? 'a row' : `${fields(record.length)}, the header has ${width}`;
}

const fields = (count: number): string => (count === 1 ? '1 field' : `${count} fields`);

/**
 * Classifies what follows the closing quote of each field: `nothing`, `blanks`, or `text` (an
 * undoubled quote inside, or an unclosed field before). The parser continues literally there, and a
 * field of several lines may contain rows.
 * @param row One row as in the file, its line end included.
 * @returns one entry per field
 */
function behindQuotes(row: string, delimiter: string): ('nothing' | 'blanks' | 'text')[] {
  const found: ('nothing' | 'blanks' | 'text')[] = [];
  const text = row.trimStart().replace(/\r?\n$|\r$/, '');
  for (let at = 0; at <= text.length; at += delimiter.length) {
    const close = text.startsWith('"', at) ? closingQuote(text, at) : null;
    const from = close === null ? at : close + 1;
    const next = text.indexOf(delimiter, from);
    const end = next === -1 ? text.length : next;
    const rest = close === null ? '' : text.slice(from, end);
    found.push(rest === '' ? 'nothing' : rest.trim() === '' ? 'blanks' : 'text');
    at = end;
  }
  return found;
}

/** Doubled quotes are text. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charAt(at + 1) !== '"') return at;
  }
  return text.length;
}
