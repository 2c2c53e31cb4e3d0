import { RowmillError } from '../errors.ts';
import { diskReason } from '../store/disk-error.ts';

/** A destination that cannot take results, and why. */
export const sinkError = (path: string, reason: string, cause?: unknown): RowmillError =>
  new RowmillError('sink_unwritable', `the results cannot be written here: ${reason}`, {
    where: path,
    cause,
  });

/**
 * Runs a file operation at a destination; a failure of the file system becomes `sink_unwritable`
 * with path and reason, anything else goes through as it is.
 */
export const mapWriteErrors = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation();
  } catch (error) {
    const reason = diskReason(error);
    if (reason === null || error instanceof RowmillError) throw error;
    throw sinkError(path, reason, error);
  }
};
