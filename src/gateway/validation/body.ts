import { isUtf8 } from 'node:buffer';
import { parse } from 'secure-json-parse';
import { RowmillError } from '../../errors.ts';

/** Limits of a body, counted over its bytes before it is parsed. */
const MAX = {
  /** A pipeline has about ten levels. */
  depth: 64,
  /** Rows of a few fields each, up to the largest body. */
  values: 2_000_000,
  /** Text of a pipeline, with its escapes. */
  textBytes: 4 * 1024 * 1024,
} as const;

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const [BRACKET, BRACE, BRACKET_END, BRACE_END] = [91, 123, 93, 125];

/**
 * Parses a JSON body.
 * @throws RowmillError `http_bad_request`, `http_body_too_large`
 */
export function readBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw bad('the body is empty');
  if (!isUtf8(bytes)) throw bad('the body is not UTF-8');
  refuseExcess(bytes);
  try {
    // The parser needs a string to search for `__proto__`.
    return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : '';
    // The engine's message quotes the body, which must not leak.
    const isOurs = said.startsWith('Object contains forbidden prototype property');
    throw bad(isOurs ? 'the body names a prototype' : 'the body is not JSON');
  }
}

/** Counts values in one pass over the bytes; invalid JSON is counted as if it were valid. */
function refuseExcess(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfText(bytes, at + 1);
      if (end - at > MAX.textBytes) throw bad(`a text of more than ${MAX.textBytes} bytes`);
      at = end;
    } else if (byte === COMMA) values += 1;
    else if (byte === BRACKET || byte === BRACE) {
      values += 1;
      depth += 1;
      if (depth > MAX.depth) throw bad(`nested more than ${MAX.depth} levels deep`);
    } else if (byte === BRACKET_END || byte === BRACE_END) depth -= 1;
  }
  if (values <= MAX.values) return;
  throw new RowmillError('http_body_too_large', `the body holds more than ${MAX.values} values`, {
    remedy: 'Put the rows into a file under ROWMILL_GATEWAY_FILES, or start several runs.',
  });
}

/** Returns the index of the closing quote, or the end of the body without one. */
function endOfText(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.length;
}

const bad = (what: string): RowmillError =>
  new RowmillError('http_bad_request', what, { where: 'body' });
