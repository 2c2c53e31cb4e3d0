import {
  ActivityFailure,
  ApplicationFailure,
  RetryState,
  TimeoutFailure,
} from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import type { FailureDetails, Waiting } from '../activities/runtime/failure.ts';
import type { ApiCalls, LargeRunConfirmations } from '../src/contract/run.ts';

/** The failure of a run: code and text of the step that failed, without Temporal's wrapping. */
export function failureOf(error: unknown): ApplicationFailure {
  if (wasShutDownTooLate(error)) return deadlineReached(error);
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure) {
      return ApplicationFailure.nonRetryable(at.message, at.type, ...(at.details ?? []));
    }
  }
  if (isTimeout(error)) return deadlineReached(error);
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.nonRetryable(message, 'internal');
}

const deadlineReached = (error: unknown): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `the deadline was reached${lastAttemptText(error)}`,
    'deadline_reached',
  );

/** Checks for a code of the input validation (src/spec/check-input.ts). */
export const isRefusedInput = ({ type }: ApplicationFailure): boolean =>
  type === 'spec_invalid' || type === 'spec_has_secret';

/** A step that was retried until the deadline. */
const isTimeout = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

/** Checks whether a step ran out of time, also without time for another attempt. */
export const ranOutOfTime = (error: unknown): boolean =>
  isTimeout(error) || (error instanceof ActivityFailure && error.retryState === RetryState.TIMEOUT);

/** Checks for a step whose worker shut down when no other attempt fitted before the deadline. */
const wasShutDownTooLate = (error: unknown): boolean =>
  ranOutOfTime(error) &&
  error instanceof ActivityFailure &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'WorkerShutdown';

/** Details of a step that failed; none where it failed outside of its code, as on a time-out. */
function detailsOf({ details }: ApplicationFailure): Partial<FailureDetails> {
  const first: unknown = details?.[0];
  // Written by `toFailure` in this shape.
  return typeof first === 'object' && first !== null ? first : {};
}

/** Checks whether the step may have sent a request that must not be sent twice. */
export const mayHaveSent = (failure: ApplicationFailure): boolean =>
  detailsOf(failure).requestSent !== false;

/** Returns the reason for which the step returned early; `null`: it failed permanently. */
export const waitingIn = (failure: ApplicationFailure): Waiting | null =>
  detailsOf(failure).waiting ?? null;

/** Details of the last heartbeat of a failed step that reports them; `undefined` without any. */
export const lastDetailsOf = (error: unknown): unknown => detailsOf(failureOf(error)).lastDetails;

/** Checks whether its reads were refused for so long that the table counts as gone. */
export const wasRefused = (failure: ApplicationFailure): boolean =>
  detailsOf(failure).refused === true;

/** Requests that the failed step had sent. */
export function countsOf(failure: ApplicationFailure): {
  calls: ApiCalls;
  confirmed: LargeRunConfirmations;
} {
  const { calls, confirmed } = detailsOf(failure);
  return {
    calls: calls ?? { total: 0, polls: 0 },
    confirmed: confirmed ?? { requests: 0, cells: 0 },
  };
}

/**
 * Checks whether a step was cancelled. One that fails for another reason at that moment (worker
 * shutdown, API outage) is not retried.
 */
export const wasCancelled = (error: unknown): boolean =>
  isCancellation(error) ||
  (error instanceof ActivityFailure && error.retryState === RetryState.CANCEL_REQUESTED);

/** The error of the last attempt, which a time-out hides. */
function lastAttemptText(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  const last = cause instanceof TimeoutFailure ? cause.cause : cause;
  return last instanceof Error ? `; the last attempt ended with: ${last.message}` : '';
}
