import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { RowmillError } from '../../errors.ts';
import { SpecError } from './issue.ts';
import { MAX_BYTES } from './size.ts';

/**
 * Reads the text of a pipeline file, without a byte order mark.
 * @throws RowmillError `spec_not_found`, `spec_invalid` (too big, or not UTF-8)
 */
export async function readSpecFile(path: string): Promise<string> {
  const bytes = await readCapped(path);
  const encoding = foreignEncoding(bytes);
  if (encoding !== null) throw wholeFile(path, encoding, 'UTF-8 text');
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

async function readCapped(path: string): Promise<Buffer> {
  let handle;
  try {
    handle = await open(path, 'r');
    const stat = await handle.stat();
    if (stat.isDirectory()) {
      throw new RowmillError('spec_not_found', 'is a folder, not a file', { where: path });
    }
    if (stat.size > MAX_BYTES) {
      throw wholeFile(path, `${(stat.size / MAX_BYTES).toFixed(1)} MiB`, 'at most 1 MiB');
    }
    // The size of a device or a pipe is unknown before reading.
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let got = 1; got > 0 && length < bytes.length; length += got) {
      ({ bytesRead: got } = await handle.read(bytes, length));
    }
    if (length > MAX_BYTES) throw wholeFile(path, 'more than 1 MiB', 'at most 1 MiB');
    return bytes.subarray(0, length);
  } catch (cause) {
    if (cause instanceof RowmillError) throw cause;
    const code = isObject(cause) && 'code' in cause ? String(cause.code) : '';
    const what =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'there is no such file'
        : code === 'EACCES' || code === 'EPERM'
          ? 'may not be read (permissions)'
          : 'cannot be read';
    throw new RowmillError('spec_not_found', what, { where: path, cause });
  } finally {
    await handle?.close();
  }
}

function foreignEncoding(bytes: Buffer): string | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'UTF-16 (little endian)';
  if (first === 0xfe && second === 0xff) return 'UTF-16 (big endian)';
  if (first === 0x1f && second === 0x8b) return 'gzip data';
  if (bytes.includes(0)) return 'binary data, or UTF-16 without a mark';
  return isUtf8(bytes) ? null : 'bytes that are not UTF-8 (Latin-1?)';
}

const wholeFile = (path: string, found: string, allowed: string): SpecError =>
  new SpecError(path, [{ line: 1, column: 1, path: '', found, allowed, suggestion: null }]);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
