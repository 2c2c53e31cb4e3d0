import type { CellOutcome } from '../contract/results.ts';
import { isRerun, type PassKind } from './passes.ts';

/** What a scan knows of an open cell. */
export interface CellAttempts {
  status: CellOutcome;
  inFlight: boolean;
  /** Runs that asked for it. */
  attempts: number;
  /** A rerun of failed cells has asked for it. */
  rerun: boolean;
  /** Not begun, though everything that it depends on is done. */
  startable: boolean;
  /** A run has asked for it, and nothing shows that it was begun. */
  waiting: boolean;
  /** Of a failed cell: when it failed; empty where the provider does not say. */
  failedAt: string;
}

type Now = Omit<CellAttempts, 'attempts' | 'rerun' | 'startable' | 'waiting' | 'failedAt'>;

/** An empty cell is an answer: the provider found nothing. */
export const lacksAnswer = (cell: Pick<CellAttempts, 'status'> | undefined): boolean =>
  cell !== undefined && cell.status !== 'empty';

/** Whether a pass of `kind` asks for a cell that has failed. */
const requestsRerun = (kind: PassKind, { status, rerun }: CellAttempts): boolean =>
  status === 'failed' && isRerun(kind) && !(kind === 'newly-failed' && rerun);

/** Whether a rerun has asked for a cell, after a pass of `kind`. */
export const wasRerun = (kind: PassKind, before: CellAttempts | undefined): boolean =>
  before !== undefined && (before.rerun || requestsRerun(kind, before));

/** Whether a pass of `kind` over open cells names one that has not failed. */
export const isNamed = (
  kind: PassKind,
  { startable, inFlight, waiting }: Pick<CellAttempts, 'startable' | 'inFlight' | 'waiting'>,
): boolean => {
  if (kind === 'nudge') return startable || inFlight || waiting;
  return kind === 'follow-up' && startable && !waiting;
};

/**
 * Whether a run has asked for a cell that, after a pass of `kind`, shows no sign of it: it has not
 * begun, or failed at the same time as before its rerun. Nothing explains that but an API that is late.
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
  if (now.status !== 'pending' || now.inFlight) return false;
  if (kind === 'first') return true;
  if (before === undefined) return false;
  if (requestsRerun(kind, before)) return true;
  return (
    before.status === 'pending' && (isNamed(kind, before) || before.waiting || before.inFlight)
  );
}

/** Runs that asked for a cell, after a pass of `kind`; `before` = what the scan before said of it. */
export function attemptsAfter(kind: PassKind, before: CellAttempts | undefined, now: Now): number {
  const asked = now.status === 'failed' || now.status === 'empty' || now.inFlight;
  if (before === undefined) return asked ? 1 : 0;
  // A cell that stands as it stood was asked for again only by a pass for such cells.
  if (before.status === 'failed' && now.status === 'failed') {
    return before.attempts + (requestsRerun(kind, before) ? 1 : 0);
  }
  if (before.inFlight) return before.attempts + (kind === 'nudge' ? 1 : 0);
  if (before.status === 'empty') return before.attempts;
  return before.attempts + (asked ? 1 : 0);
}
