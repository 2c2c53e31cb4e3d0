import type { CellOutcome } from '../contract/results.ts';
import { isRerun, type PassKind } from './passes.ts';

/** What a sweep knows of an open cell. */
export interface CellTries {
  status: CellOutcome;
  inFlight: boolean;
  /** Runs that asked for it. */
  attempts: number;
  /** A rerun of failed cells has asked for it. */
  rerun: boolean;
}

type Now = Omit<CellTries, 'attempts' | 'rerun'>;

/** An empty cell is an answer: the provider found nothing. */
export const lacksAnswer = (cell: Pick<CellTries, 'status'> | undefined): boolean =>
  cell !== undefined && cell.status !== 'empty';

/** Whether a pass of `kind` asks for a cell that has failed. */
const asksAgain = (kind: PassKind, { status, rerun }: CellTries): boolean =>
  status === 'failed' && isRerun(kind) && !(kind === 'newly-failed' && rerun);

/** Whether a rerun has asked for a cell, after a pass of `kind`. */
export const rerunAfter = (kind: PassKind, before: CellTries | undefined): boolean =>
  before !== undefined && (before.rerun || asksAgain(kind, before));

/** Runs that asked for a cell, after a pass of `kind`; `before` = what the sweep before said of it. */
export function attemptsAfter(kind: PassKind, before: CellTries | undefined, now: Now): number {
  const asked = now.status === 'failed' || now.status === 'empty' || now.inFlight;
  if (before === undefined) return asked ? 1 : 0;
  // A cell that stands as it stood was asked for again only by a pass for such cells.
  if (before.status === 'failed' && now.status === 'failed') {
    return before.attempts + (asksAgain(kind, before) ? 1 : 0);
  }
  if (before.inFlight) return before.attempts + (kind === 'nudge' ? 1 : 0);
  if (before.status === 'empty') return before.attempts;
  return before.attempts + (asked ? 1 : 0);
}
