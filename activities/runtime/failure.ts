import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { ApiCalls, LargeRunConfirmations } from '../../src/contract/run.ts';
import { errorEntry, RowmillError } from '../../src/errors.ts';

/**
 * Maximum characters: every user of the UI can read failures, and Temporal truncates them at 4 KiB.
 */
const MESSAGE_CHARACTERS = 2_000;

/** Reason for which a step returned early. */
export interface Waiting {
  /** Epoch ms, by the worker's clock: since then nothing came of it. */
  sinceMs: number;
}

/** Details of a failure besides its message; the command line prints them. */
export interface FailureDetails {
  what: string;
  where: string | null;
  remedy: string;
  requestId: string | null;
  /**
   * True if this attempt, or one before it, may have sent a request that must not be sent twice.
   */
  requestSent: boolean;
  /** The step returned early: the API is not available. */
  waiting?: Waiting;
  /** True if a read was refused for so long that it counts as permanent. */
  refused?: true;
  /** Requests of all attempts: a failed step has no result that could carry them. */
  calls?: ApiCalls;
  confirmed?: LargeRunConfirmations;
  /** Details of the last heartbeat, of a step that reports them. */
  lastDetails?: unknown;
}

/** Facts about the attempt that failed. */
export type AttemptFacts = Pick<
  FailureDetails,
  'requestSent' | 'calls' | 'confirmed' | 'waiting' | 'refused' | 'lastDetails'
> & {
  /** Set in place of the value in the table of codes. */
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
