import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** gRPC statuses that need different handling. */
const STATUS = {
  CANCELLED: 1, // cancelled by this process
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9, // the state has changed
  UNIMPLEMENTED: 12, // not supported by this server version
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatus = keyof typeof STATUS;

/** Checks whether a call failed with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: GrpcStatus[]): boolean {
  const code: number | undefined = failedCall(error)?.code;
  return statuses.some((status) => STATUS[status] === code);
}

/** Returns the server's complaint about a value; `null` for any other error. */
export const invalidArgument = (error: unknown): string | null =>
  hasStatus(error, 'INVALID_ARGUMENT') ? (failedCall(error)?.details ?? null) : null;

/** Checks for a temporary outage: the server may be restarting. */
export const isOutage = (error: unknown): boolean =>
  failedCall(error) !== null && !hasStatus(error, ...HOPELESS);

/** Statuses that a retry cannot fix. */
const HOPELESS: readonly GrpcStatus[] = [
  'CANCELLED',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'PERMISSION_DENIED',
  'UNIMPLEMENTED',
  'UNAUTHENTICATED',
];

/** Failed call with its status and the server's details. */
export interface FailedCall extends Error {
  code: number;
  details: string;
}

/** Unwraps the failed call: the client wraps some in an error of its own. */
export function failedCall(error: unknown): FailedCall | null {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause : null;
}
