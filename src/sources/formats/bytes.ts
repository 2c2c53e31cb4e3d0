import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { RowmillError } from '../../errors.ts';
import { isS3 } from '../../s3/address.ts';
import { s3Bytes } from './s3-bytes.ts';

/** Block of whole lines of UTF-8 text. */
export interface Block {
  bytes: Buffer;
  /** Number of its first line, from 1. */
  line: number;
}

const LF = 10;
const CR = 13;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Magic bytes of files that are often sent instead of text. */
const FOREIGN: [number[], string][] = [
  [[0xff, 0xfe, 0, 0], 'UTF-32'],
  [[0, 0, 0xfe, 0xff], 'UTF-32'],
  [[0xff, 0xfe], 'UTF-16'],
  [[0xfe, 0xff], 'UTF-16'],
  [[0x1f, 0x8b], 'gzip data; unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd data; unpack it first'],
  [[0x50, 0x4b, 3, 4], 'a ZIP or Excel file; save it as CSV'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel file; save it as CSV'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF; export the list as CSV or JSON Lines'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file; export it as CSV or JSON Lines'],
];

/**
 * Reads the bytes of a file, on disk or on S3.
 * @throws RowmillError `source_not_found`, of S3 also `source_unreachable`
 */
export const fileBytes = (path: string): AsyncGenerator<Buffer> =>
  isS3(path) ? s3Bytes(path) : diskBytes(path);

async function* diskBytes(path: string): AsyncGenerator<Buffer> {
  let handle;
  try {
    handle = await open(path, 'r');
    if ((await handle.stat()).isDirectory()) {
      throw new RowmillError('source_not_found', 'is a folder, not a file', { where: path });
    }
    const chunks: AsyncIterable<Buffer> = handle.createReadStream({ autoClose: false });
    yield* chunks;
  } catch (cause) {
    if (cause instanceof RowmillError) throw cause;
    throw new RowmillError('source_not_found', reasonOf(cause), { where: path, cause });
  } finally {
    await handle?.close();
  }
}

function reasonOf(cause: unknown): string {
  const code = isObject(cause) && 'code' in cause ? String(cause.code) : 'unknown reason';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read (permissions)';
  return `cannot be read (${code})`;
}

/** Reads the bytes of a stream, which may have been set to text. */
export async function* streamBytes(stream: Readable, where: string): AsyncGenerator<Buffer> {
  try {
    const chunks: AsyncIterable<Buffer | string> = stream;
    for await (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (cause) {
    throw new RowmillError('source_not_found', reasonOf(cause), { where, cause });
  }
}

/**
 * Splits bytes at line ends, so that no character and no JSON line is cut, and verifies UTF-8.
 * Removes byte order marks, also those inside concatenated files.
 * @throws RowmillError `source_unreadable`
 */
export async function* utf8Blocks(
  chunks: AsyncIterable<Buffer>,
  where: string,
  mostLineBytes: number,
): AsyncGenerator<Block> {
  let line = 1;
  let rest: Buffer[] = [];
  let restBytes = 0;
  let first = true;
  const take = (bytes: Buffer): Block => {
    if (first) refuseByStart(bytes, where);
    const block = { bytes: withoutMarks(bytes), line };
    first = false;
    refuseForeign(block, where);
    line += countLines(bytes);
    return block;
  };
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LF) + 1;
    if (end > 0) {
      yield take(Buffer.concat([...rest, chunk.subarray(0, end)]));
      rest = [];
      restBytes = 0;
    }
    if (end < chunk.length) rest.push(chunk.subarray(end));
    restBytes += chunk.length - end;
    if (restBytes > mostLineBytes) {
      // Binary content may have no line ends.
      if (line === 1) take(Buffer.concat(rest));
      throw unreadable(`line ${line}: longer than ${mostLineBytes / 2 ** 20} MiB`, where);
    }
  }
  if (restBytes > 0) yield take(Buffer.concat(rest));
}

function refuseByStart(bytes: Buffer, where: string): void {
  for (const [start, what] of FOREIGN) {
    if (start.every((byte, at) => bytes[at] === byte)) throw unreadable(`this is ${what}`, where);
  }
  const what = markupIn(bytes.toString('utf8', 0, MARKUP_BYTES));
  if (what !== null) throw unreadable(`this is ${what}`, where);
}

/** Removes byte order marks at the start of a line, behind which a quote opens a field. */
function withoutMarks(bytes: Buffer): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(BOM); at >= 0; at = bytes.indexOf(BOM, at + BOM.length)) {
    const before = bytes[at - 1];
    if (before !== undefined && before !== LF && before !== CR) continue;
    kept.push(bytes.subarray(from, at));
    from = at + BOM.length;
  }
  return from === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
}

const MARKUP_BYTES = 4096;
const WEB_PAGE =
  /^\s*(?:<!--[^]*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|script|table)(?=[\s>])/i;

/** Detects other formats that are often saved as a list. */
function markupIn(start: string): string | null {
  if (WEB_PAGE.test(start)) {
    return 'a web page (HTML), not a list; download the file itself (a page to sign in may have come instead)';
  }
  return /^\s*<\?xml\s/i.test(start) ? 'an XML file; export the list as CSV or JSON Lines' : null;
}

function refuseForeign({ bytes, line }: Block, where: string): void {
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    const at = line + countLines(bytes.subarray(0, zero));
    throw unreadable(`line ${at}: a zero byte; this is binary data or UTF-16`, where);
  }
  if (isUtf8(bytes)) return;
  let at = line;
  for (let start = 0; start < bytes.length; at += 1) {
    const end = bytes.indexOf(LF, start) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end;
  }
  throw unreadable(`line ${at}: bytes that are not UTF-8 (Latin-1 or Windows-1252?)`, where);
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines += 1;
  return lines;
}

export const unreadable = (what: string, where: string, cause?: unknown): RowmillError =>
  new RowmillError('source_unreadable', what, { where, cause });

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
