import { types } from 'node:util';
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib';
import { codeOf } from './redaction.ts';

/** Result of removing the encodings of a body. */
export type Decoded =
  | { kind: 'plain'; body: Buffer }
  | { kind: 'too large' }
  /** The content does not match its header. */
  | { kind: 'invalid' }
  /** An encoding is not supported. */
  | { kind: 'unknown' };

type Decode = (body: Buffer, maxOutputLength: number) => Buffer;

/** Decodes as far as possible, also an error page that was truncated. */
const finishFlush = constants.Z_SYNC_FLUSH;

const gunzip: Decode = (body, maxOutputLength) =>
  gunzipSync(body, { finishFlush, maxOutputLength });

/** Some servers omit the two-byte header of `deflate`. */
const inflate: Decode = (body, maxOutputLength) => {
  const hasHeader = ((body[0] ?? 0) & 0x0f) === 0x08;
  return (hasHeader ? inflateSync : inflateRawSync)(body, { finishFlush, maxOutputLength });
};

const DECODE: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['identity', (body) => body],
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  [
    'br',
    (body, maxOutputLength) =>
      brotliDecompressSync(body, {
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
        maxOutputLength,
      }),
  ],
]);

/** Maximum encodings; no real server uses more. */
const MAX_ENCODINGS = 3;

/**
 * Removes the encodings of `Content-Encoding`. The limit applies to the output, so that a small
 * body cannot fill the memory.
 */
export function decode(body: Buffer, contentEncoding: string, maxBytes: number): Decoded {
  const names = contentEncoding.split(',').map((name) => name.trim().toLowerCase());
  const steps = names.flatMap((name) => DECODE.get(name === '' ? 'identity' : name) ?? []);
  if (steps.length < names.length || names.length > MAX_ENCODINGS) return { kind: 'unknown' };
  try {
    // The last encoding was applied last.
    const plain = steps.reduceRight(
      (encoded, step) => (encoded.length === 0 ? encoded : step(encoded, maxBytes)),
      body,
    );
    return { kind: 'plain', body: plain };
  } catch (error) {
    // zlib's code for more than `maxOutputLength`.
    const full = types.isNativeError(error) && codeOf(error) === 'ERR_BUFFER_TOO_LARGE';
    return { kind: full ? 'too large' : 'invalid' };
  }
}
