/** Object in a bucket, or with an empty key the bucket itself. */
export interface S3Place {
  bucket: string;
  key: string;
}

const SCHEME = 's3://';

/** Names of buckets; other makers allow upper case and underscores. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;

/** S3's limit for a key, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/** Detects an address such as `s3://bucket/key`. */
export const isS3 = (text: string): boolean =>
  text.slice(0, SCHEME.length).toLowerCase() === SCHEME;

export const s3Address = ({ bucket, key }: S3Place): string =>
  key === '' ? `${SCHEME}${bucket}` : `${SCHEME}${bucket}/${key}`;

/**
 * Reads an address. Keys are taken as written, without decoding. Returns a reason for one that could
 * name another object on some server.
 */
export function readS3Address(text: string): S3Place | string {
  const [bucket = '', ...segments] = text.slice(SCHEME.length).split('/');
  if (!BUCKET.test(bucket)) return `"${bucket}" is not the name of a bucket`;
  const kept = segments.at(-1) === '' ? segments.slice(0, -1) : segments;
  if (kept.some((segment) => ['', '.', '..'].includes(segment))) {
    return 'its key has an empty segment, `.` or `..`';
  }
  const key = kept.join('/');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    return `its key is longer than ${MAX_KEY_BYTES} bytes`;
  return { bucket, key };
}
