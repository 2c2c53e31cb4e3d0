import type { CellOutcome } from '../../contract/results.ts';
import { isRerun, type PassKind } from '../passes/passes.ts';

/** Facts of a scan about an open cell. */
export interface CellAttempts {
  status: CellOutcome;
  inFlight: boolean;
  /** Number of runs that requested it. */
  attempts: number;
  /** True if a rerun of failed cells requested it. */
  rerun: boolean;
  /** True if it has not started although all its dependencies are done. */
  startable: boolean;
  /** True if a run requested it, and nothing shows that it started. */
  waiting: boolean;
  /** True if it is not known whether its conditions hold. Left out: it is. */
  undecided?: boolean;
  /** Time of a failure; empty if the provider does not report it. */
  failedAt: string;
  /** True if a night asks for it in no pass. Left out: it may. */
  left?: boolean;
}

type Now = Pick<CellAttempts, 'status' | 'inFlight' | 'undecided'>;

/** An empty cell is an answer: the provider found nothing. A skipped one needs none. */
export const lacksAnswer = (cell: Pick<CellAttempts, 'status'> | undefined): boolean =>
  cell !== undefined && cell.status !== 'empty' && cell.status !== 'skipped';

/** Checks whether a pass of `kind` requests a failed cell. */
export const requestsRerun = (
  kind: PassKind,
  { status, rerun }: Pick<CellAttempts, 'status' | 'rerun'>,
): boolean => status === 'failed' && isRerun(kind) && !(kind === 'newly-failed' && rerun);

/** Checks whether a rerun requested a cell, after a pass of `kind`. */
export const wasRerun = (kind: PassKind, before: CellAttempts | undefined): boolean =>
  before !== undefined && (before.rerun || requestsRerun(kind, before));

/** Checks whether a pass of `kind` over open cells names one that has not failed. */
export const isNamed = (
  kind: PassKind,
  { startable, inFlight, waiting }: Pick<CellAttempts, 'startable' | 'inFlight' | 'waiting'>,
): boolean => {
  if (kind === 'nudge') return startable || inFlight || waiting;
  return kind === 'follow-up' && startable && !waiting;
};

/**
 * Checks whether a requested cell shows no sign of a pass of `kind`. Such a cell has not started, or
 * its failure is as old as before the rerun. Only a lagging API explains that.
 */
export function isWaitingAfter(
  kind: PassKind,
  before: CellAttempts | undefined,
  now: Now & Pick<CellAttempts, 'failedAt'>,
): boolean {
  if (now.status === 'failed') {
    const sameFailure = before?.status === 'failed' && before.failedAt === now.failedAt;
    return sameFailure && now.failedAt !== '' && (before.waiting || requestsRerun(kind, before));
  }
  if (now.status !== 'pending' || now.inFlight || now.undecided === true) return false;
  if (kind === 'first' || kind === 'stage') return true;
  if (before === undefined) return false;
  if (requestsRerun(kind, before)) return true;
  return (
    before.status === 'pending' && (isNamed(kind, before) || before.waiting || before.inFlight)
  );
}

/**
 * Returns the number of runs that requested a cell, after a pass of `kind`; `before`: its state at
 * the previous scan.
 */
export function attemptsAfter(kind: PassKind, before: CellAttempts | undefined, now: Now): number {
  const asked = now.status === 'failed' || now.status === 'empty' || now.inFlight;
  if (before === undefined) return asked ? 1 : 0;
  // An unchanged cell was requested again only by a pass for such cells.
  if (before.status === 'failed' && now.status === 'failed') {
    return before.attempts + (requestsRerun(kind, before) ? 1 : 0);
  }
  if (before.inFlight) return before.attempts + (kind === 'nudge' ? 1 : 0);
  if (before.status === 'empty') return before.attempts;
  return before.attempts + (asked ? 1 : 0);
}
