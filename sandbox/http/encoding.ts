import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

export const ENCODINGS = ['gzip', 'deflate', 'br'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const ENCODE: Record<Encoding, (body: string) => Buffer> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
};

/** The bytes of a body as they are sent. */
export const bytesOf = ({ body, encoding }: { body: string; encoding?: Encoding }): Buffer =>
  encoding === undefined ? Buffer.from(body) : ENCODE[encoding](body);
