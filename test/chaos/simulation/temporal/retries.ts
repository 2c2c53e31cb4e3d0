import { ms, RetryState, TimeoutType, type Failure, type ScheduleActivity } from './proto.ts';

export type Verdict = { again: true; afterMs: number } | { again: false; retryState: RetryState };

const stop = (retryState: RetryState): Verdict => ({ again: false, retryState });

export interface Tried {
  attempt: number;
  cancelRequested: boolean;
  /** End of the time for all attempts; `null` = never. */
  expiresAtMs: number | null;
}

/**
 * Decides the next step after a failed attempt as server 1.31 does (`RetryActivity`, `retry.go`).
 */
export function decideRetry(
  { retryPolicy }: ScheduleActivity,
  { attempt, cancelRequested, expiresAtMs }: Tried,
  failure: Failure,
  nowMs: number,
): Verdict {
  if (cancelRequested) return stop(RetryState.RETRY_STATE_CANCEL_REQUESTED);
  if (failure.timeoutFailureInfo?.timeoutType === TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE) {
    return stop(RetryState.RETRY_STATE_TIMEOUT);
  }
  if (!isRetryable(failure, retryPolicy?.nonRetryableErrorTypes ?? [])) {
    return stop(RetryState.RETRY_STATE_NON_RETRYABLE_FAILURE);
  }
  const most = retryPolicy?.maximumAttempts ?? 0;
  if (most > 0 && attempt >= most) return stop(RetryState.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  const initialMs = ms(retryPolicy?.initialInterval) ?? 1_000;
  const longestMs = ms(retryPolicy?.maximumInterval) ?? 100 * initialMs;
  const backoffMs = initialMs * (retryPolicy?.backoffCoefficient ?? 2) ** (attempt - 1);
  // A delay that the application asks for is not cut to the longest one.
  const askedMs = ms(failure.applicationFailureInfo?.nextRetryDelay);
  const afterMs = askedMs ?? Math.min(backoffMs, longestMs);
  if (expiresAtMs !== null && nowMs + afterMs > expiresAtMs)
    return stop(RetryState.RETRY_STATE_TIMEOUT);
  return { again: true, afterMs };
}

function isRetryable(failure: Failure, nonRetryableTypes: string[]): boolean {
  if (failure.canceledFailureInfo != null || failure.terminatedFailureInfo != null) return false;
  const { applicationFailureInfo: info } = failure;
  if (info == null) return true;
  return info.nonRetryable !== true && !nonRetryableTypes.includes(info.type ?? '');
}
