import { RowmillError } from '../errors.ts';

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);

/** The system's words, for people. */
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

/** `ENOENT` and its like, or `null` when the error is not of the file system. */
export const errnoOf = (error: unknown): string | null =>
  // No `instanceof Error`: errors of another realm (a VM context) would not be recognised.
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;

/** `the disk is full (ENOSPC)`; `null` when the error is not of the file system. */
export const diskReason = (error: unknown): string | null => {
  const errno = errnoOf(error);
  if (errno === null) return null;
  const reason = REASONS[errno];
  return reason === undefined ? errno : `${reason} (${errno})`;
};

/**
 * A failed file operation as a `RowmillError` that names the path. A missing file is
 * `store_unreadable` only when reading: when writing, the folder was taken away under our feet
 * and the next try makes it again.
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

/** Runs a file operation; what it throws names the path. */
export const reading = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation();
  } catch (error) {
    throw storeError('read', path, error);
  }
};

/** Runs a file operation; what it throws names the path. */
export const writing = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation();
  } catch (error) {
    throw storeError('write', path, error);
  }
};
