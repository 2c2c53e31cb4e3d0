import { RowmillError } from '../../src/errors.ts';
import type { CallContext } from '../../src/providers/provider.ts';
import { troubleOf } from '../../src/rules/trouble.ts';
import { RefusedRead } from './trouble.ts';
import type { ActivityAttempt } from './activity.ts';

/** Failed tries of one request before the attempt is given up and Temporal starts another. */
const MAX_ATTEMPTS = 5;
const PAUSE_MS = 1_000;
/**
 * Maximum pause inside an attempt, in ms. For a longer one the attempt ends, and Temporal waits
 * without using a slot.
 */
const MAX_INLINE_WAIT_MS = 60_000;

type Sleeper = Pick<ActivityAttempt<unknown>, 'sleep'>;

/**
 * Repeats a read until it succeeds. A read changes nothing, so neither a hiccup of the API nor one odd
 * refusal may discard what an attempt has found so far. Lasting trouble is left to Temporal's retries.
 *
 * @param triesFor Maximum number of tries; `null`: as usual
 * @throws RefusedRead for a refusal that was repeated at each try
 */
export async function retryRead<R>(
  attempt: Sleeper,
  read: () => Promise<R>,
  maxAttemptsFor: (error: RowmillError) => number | null = () => null,
): Promise<R> {
  try {
    return await repeated(
      attempt,
      read,
      (error) => error.retryable || isRefusal(error),
      (error) => maxAttemptsFor(error) ?? MAX_ATTEMPTS,
    );
  } catch (error) {
    throw error instanceof RowmillError && isRefusal(error) ? new RefusedRead(error) : error;
  }
}

const isRefusal = ({ code }: RowmillError): boolean => troubleOf(code) === 'refusal';

/**
 * Sends until it is carried out, or may have been. What is known not to have been (429, no connection)
 * is sent again; an ambiguous error goes to the caller, who knows where to look.
 */
export const retrySend = <R>(attempt: Sleeper, send: () => Promise<R>): Promise<R> =>
  repeated(attempt, send, ({ retryable, ambiguous }) => retryable && !ambiguous);

/** The context for provider methods of several requests: each of them is repeated by itself. */
export const withRetries = (
  attempt: Sleeper & Pick<ActivityAttempt<unknown>, 'ctx'>,
): CallContext => ({
  ...attempt.ctx,
  repeatRead: (read) => retryRead(attempt, read),
  repeatUnsent: (send) => retrySend(attempt, send),
});

async function repeated<R>(
  attempt: Sleeper,
  request: () => Promise<R>,
  mayRepeat: (error: RowmillError) => boolean,
  maxAttemptsFor: (error: RowmillError) => number = () => MAX_ATTEMPTS,
): Promise<R> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof RowmillError) || !mayRepeat(error)) throw error;
      // The attempt is over, and so are its requests.
      if (error.code === 'step_taken_over') throw error;
      if (attempts >= maxAttemptsFor(error)) throw error;
      const pauseMs = pauseAfter(error, attempts);
      if (pauseMs > MAX_INLINE_WAIT_MS) throw error;
      await attempt.sleep(pauseMs);
    }
  }
}

/** Returns the pause before a request is retried. */
export const pauseAfter = ({ retryAfterMs }: RowmillError, attempts: number): number =>
  retryAfterMs ?? PAUSE_MS * 2 ** (attempts - 1);
