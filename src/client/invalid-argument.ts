import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** What the server says against a value it was sent; `null` for any other error. */
export function invalidArgument(error: unknown): string | null {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && isInvalid(cause.code) ? cause.details : null;
}

/** INVALID_ARGUMENT of gRPC. */
const isInvalid = (code: number): boolean => code === 3;
