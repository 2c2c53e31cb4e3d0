import { RowmillError, type ErrorCode } from '../../errors.ts';
import type { S3FaultKind } from '../../s3/fault-table.ts';
import { S3Fault } from '../../s3/fault.ts';

const CODES: Record<S3FaultKind, ErrorCode> = {
  missing: 'store_unreadable',
  unreachable: 'store_unreachable',
  denied: 'store_denied',
  // A file of the store is replaced only by a repeated step; the next attempt reads the new one.
  taken: 'store_unreachable',
  full: 'store_full',
  refused: 'store_unwritable',
};

/** Runs requests for a file of the store; their errors name its address. */
export const askingS3 = async <T>(where: string, operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation();
  } catch (error) {
    throw s3StoreError(where, error);
  }
};

export const s3StoreError = (where: string, error: unknown): unknown => {
  if (!(error instanceof S3Fault)) return error;
  const { kind, reason, remedy } = error;
  // The remedy of a missing file is that of the code: client and worker have different stores.
  const context = kind === 'missing' ? {} : { remedy };
  return new RowmillError(CODES[kind], reason, { where, cause: error, ...context });
};
