import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** Why the server did not carry out a call, as far as anything depends on it; numbers of gRPC. */
const STATUS = {
  CANCELLED: 1, // by ourselves
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9, // what was there has changed
  UNIMPLEMENTED: 12, // by this version of the server
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatus = keyof typeof STATUS;

/** Whether a call failed with one of these. */
export function hasStatus(error: unknown, ...statuses: GrpcStatus[]): boolean {
  const code: number | undefined = failedCall(error)?.code;
  return statuses.some((status) => STATUS[status] === code);
}

/** What the server says against a value it was sent; `null` for any other error. */
export const invalidArgument = (error: unknown): string | null =>
  hasStatus(error, 'INVALID_ARGUMENT') ? (failedCall(error)?.details ?? null) : null;

/** The server does not answer for now: it may be restarting. */
export const isOutage = (error: unknown): boolean =>
  failedCall(error) !== null && !hasStatus(error, ...HOPELESS);

/** Errors that a retry does not fix. */
const HOPELESS: readonly GrpcStatus[] = [
  'CANCELLED',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'PERMISSION_DENIED',
  'UNIMPLEMENTED',
  'UNAUTHENTICATED',
];

/** A call that the server did not carry out: its status, and what the server says of it. */
export interface FailedCall extends Error {
  code: number;
  details: string;
}

/** The call that failed: the client puts some of them into an error of its own. */
export function failedCall(error: unknown): FailedCall | null {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause : null;
}
