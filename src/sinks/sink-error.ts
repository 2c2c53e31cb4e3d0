import { RowmillError } from '../errors.ts';
import { diskReason } from '../store/disk-error.ts';

/** Builds the error for a destination that cannot receive results. */
export const sinkError = (path: string, reason: string, cause?: unknown): RowmillError =>
  new RowmillError('sink_unwritable', `the results cannot be written here: ${reason}`, {
    where: path,
    cause,
  });

/**
 * Runs a file operation at a destination. Converts file system errors to `sink_unwritable` with
 * path and reason; rethrows others.
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
