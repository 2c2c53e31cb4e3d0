import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { ApiCalls, LargeRunConfirmations } from '../../src/contract/run.ts';
import { errorEntry, RowmillError } from '../../src/errors.ts';

/** Everyone with access to the UI reads failures, and Temporal cuts them at 4 KiB. */
const MESSAGE_CHARACTERS = 2_000;

/** What a step that returned early waits for. */
export interface Waiting {
  /** Epoch ms, by the worker's clock: since then nothing came of it. */
  sinceMs: number;
}

/** What a failure carries besides its message; the command line prints it. */
export interface FailureDetails {
  what: string;
  where: string | null;
  remedy: string;
  requestId: string | null;
  /** Whether this attempt, or one before it, may have sent what must not be sent twice. */
  requestSent: boolean;
  /** The step returned early: the API is not available. */
  waiting?: Waiting;
  /** Whether a read was refused for so long that it is believed. */
  refused?: true;
  /** Requests of all attempts: a failed step has no result that could carry them. */
  calls?: ApiCalls;
  confirmed?: LargeRunConfirmations;
}

/** What is known of the step that fails. */
export type AttemptFacts = Pick<
  FailureDetails,
  'requestSent' | 'calls' | 'confirmed' | 'waiting' | 'refused'
> & {
  /** Instead of what the table of codes says. */
  retryable?: boolean;
};

/**
 * The error as Temporal understands it: type = code, retryable by the one table; `last` where it is
 * not worth another try all the same.
 */
export function toFailure(
  error: unknown,
  { retryable, ...tried }: AttemptFacts,
  last = false,
): Error {
  const known =
    error instanceof RowmillError
      ? error
      : new RowmillError('internal', error instanceof Error ? error.message : String(error), {
          cause: error,
        });
  const details: FailureDetails = {
    what: known.what.slice(0, MESSAGE_CHARACTERS),
    where: known.where,
    remedy: known.remedy,
    requestId: known.requestId,
    ...tried,
  };
  return ApplicationFailure.create({
    type: known.code,
    message: `${known.message.slice(0, MESSAGE_CHARACTERS)} (${known.code}). ${known.remedy}`,
    nonRetryable: last || !(retryable ?? known.retryable),
    details: [details],
    ...(known.retryAfterMs === null ? {} : { nextRetryDelay: known.retryAfterMs }),
    ...(errorEntry(known.code).benign ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(known.code === 'internal' && error instanceof Error ? { cause: error } : {}),
  });
}
