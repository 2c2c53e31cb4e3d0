import { RowmillError } from '../../src/errors.ts';
import { afterTrouble, troubleOf, type Trouble } from '../../src/rules/trouble.ts';
import type { ActivityDeps } from './deps.ts';
import type { AttemptFacts } from './failure.ts';

/**
 * Options of a step that may return lasting trouble to the workflow. `paid`: the data it reads has
 * been paid.
 */
export const tolerant = (
  { trouble }: { trouble?: TroubleInput | undefined },
  paid: boolean,
): FailureTolerance => ({ paid, trouble });

/** Tolerance of failing requests that must succeed eventually. */
export interface FailureTolerance {
  /** Something is paid already: not even a refusal of a read ends the run at once. */
  paid?: boolean;
  /** Trouble options from the step's input. */
  trouble?: TroubleInput | undefined;
  /** A failure carries the details of the last heartbeat, which the workflow shows. */
  reportsDetails?: boolean;
}

/** Policy on lasting trouble of the API; part of a step's input. */
export interface TroubleInput {
  /** The step may return early while trouble lasts; the workflow shows and waits. */
  mayYield: boolean;
  /** Start of trouble for which the step returned early before (epoch ms); `null`: none. */
  sinceMs: number | null;
}

/** Refusals are only doubted where they are of reads, and something is paid. */
function troubleIn(error: unknown, paid: boolean): Trouble | null {
  if (!(error instanceof RowmillError)) return null;
  const trouble = troubleOf(error.code);
  return trouble === 'refusal' && !(paid && error instanceof RefusedRead) ? null : trouble;
}

export interface TroubleVerdict {
  /** Start of the trouble for the next attempt, epoch ms; `null`: another failure. */
  sinceMs: number | null;
  /** Facts for Temporal and the workflow. */
  next: Pick<AttemptFacts, 'retryable' | 'waiting' | 'refused'>;
}

/** Decides how a failed step continues: by its error, and since when no request succeeded. */
export function classifyTrouble(
  deps: ActivityDeps,
  error: unknown,
  { paid = false, trouble: input }: FailureTolerance,
  sinceBeforeMs: number | null,
): TroubleVerdict {
  const trouble = troubleIn(error, paid);
  if (trouble === null || !(error instanceof RowmillError)) return { sinceMs: null, next: {} };
  const nowMs = (deps.now ?? Date.now)();
  const sinceMs = sinceBeforeMs ?? nowMs;
  const mayYield = input?.mayYield ?? false;
  const pauseMs = error.retryAfterMs ?? 0;
  const lastsMs = nowMs - sinceMs;
  switch (afterTrouble(trouble, { lastsMs, pauseMs, mayYield }, deps.troubleLimits)) {
    case 'retry':
      return { sinceMs, next: { retryable: true } };
    case 'hand back':
      return { sinceMs, next: { retryable: false, waiting: { sinceMs } } };
    case 'fail':
      return { sinceMs, next: { retryable: false, refused: true } };
  }
}

/** Reads the start of the trouble from the last heartbeat. */
export function troubleBefore(beat: unknown): number | null {
  if (typeof beat !== 'object' || beat === null || !('troubleSinceMs' in beat)) return null;
  return typeof beat.troubleSinceMs === 'number' ? beat.troubleSinceMs : null;
}

/**
 * A read that was refused at each of its tries. It changes nothing, so that it may be tried again:
 * one odd reply is no reason to give up what is paid.
 */
export class RefusedRead extends RowmillError {
  constructor(refusal: RowmillError) {
    const { code, what, where, remedy, requestId } = refusal;
    super(code, what, {
      where,
      remedy,
      cause: refusal,
      ...(requestId === null ? {} : { requestId }),
    });
  }
}
