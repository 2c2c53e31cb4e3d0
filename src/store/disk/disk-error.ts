import { RowmillError } from '../../errors.ts';

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Texts for the system's error codes. */
const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a folder',
  ELOOP: 'its links go round in a circle',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

/** Returns a code like `ENOENT`, or `null` if the error is not of the file system. */
export const errnoOf = (error: unknown): string | null =>
  // No `instanceof Error`, which fails for errors of another realm (a VM context).
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;

/** Describes an error as `the disk is full (ENOSPC)`; `null` if it is not of the file system. */
export const diskReason = (error: unknown): string | null => {
  const errno = errnoOf(error);
  if (errno === null) return null;
  const reason = REASONS[errno];
  return reason === undefined ? errno : `${reason} (${errno})`;
};

/**
 * Converts a failed file operation to a `RowmillError` that names the path. A missing file is
 * `store_unreadable` only when reading. When writing, the folder was removed meanwhile, and the
 * next attempt creates it again.
 */
export const storeError = (doing: 'read' | 'write', path: string, error: unknown): RowmillError => {
  if (error instanceof RowmillError) return error;
  const errno = errnoOf(error);
  const reason = diskReason(error);
  if (errno === null || reason === null) {
    return new RowmillError('internal', `could not ${doing} the file`, {
      where: path,
      cause: error,
    });
  }
  const context = { where: path, cause: error };
  if (DISK_FULL.has(errno))
    return new RowmillError('store_full', `cannot ${doing}: ${reason}`, context);
  if (doing === 'read' && errno === 'ENOENT') {
    return new RowmillError('store_unreadable', `cannot read: ${reason}`, context);
  }
  return new RowmillError('store_unwritable', `cannot ${doing}: ${reason}`, context);
};

/** Runs a read operation; its errors name the path. */
export const reading = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation();
  } catch (error) {
    throw storeError('read', path, error);
  }
};

/** Runs a write operation; its errors name the path. */
export const writing = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation();
  } catch (error) {
    throw storeError('write', path, error);
  }
};
