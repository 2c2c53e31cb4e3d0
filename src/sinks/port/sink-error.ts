import { RowmillError } from '../../errors.ts';
import { S3Fault } from '../../s3/fault.ts';
import { diskReason } from '../../store/disk/disk-error.ts';

/** Builds the error for a destination that cannot receive results. */
export const sinkError = (path: string, reason: string, cause?: unknown): RowmillError =>
  new RowmillError('sink_unwritable', `the results cannot be written here: ${reason}`, {
    where: path,
    cause,
  });

/**
 * Converts a fault of S3: `sink_unreachable` where it may pass, or needs no change of the
 * pipeline; otherwise `sink_unwritable`.
 */
export const s3SinkError = (path: string, fault: S3Fault): RowmillError => {
  const { passes, reason, remedy } = fault;
  const code = passes ? 'sink_unreachable' : 'sink_unwritable';
  return new RowmillError(code, `the results cannot be written here: ${reason}`, {
    where: path,
    remedy,
    cause: fault,
  });
};

/**
 * Runs a file operation at a destination. Converts errors of the file system and of S3 to
 * `sink_unwritable` or `sink_unreachable` with place and reason; rethrows others.
 */
export const mapWriteErrors = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof S3Fault) throw s3SinkError(path, error);
    const reason = diskReason(error);
    if (reason === null || error instanceof RowmillError) throw error;
    throw sinkError(path, reason, error);
  }
};
