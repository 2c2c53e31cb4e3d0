import type { CellOutcome } from '../contract/results.ts';
import type { PassKind } from './passes.ts';

/** What a sweep knows of an open cell. */
export interface CellTries {
  status: CellOutcome;
  inFlight: boolean;
  /** Runs that asked for it. */
  attempts: number;
}

/** Runs that asked for a cell, after a pass of `kind`; `before` = what the sweep before said of it. */
export function attemptsAfter(
  kind: PassKind,
  before: CellTries | undefined,
  now: Omit<CellTries, 'attempts'>,
): number {
  const asked = now.status === 'failed' || now.status === 'empty' || now.inFlight;
  if (before === undefined) return asked ? 1 : 0;
  // A cell that stands as it stood was asked for again only by a pass for such cells.
  if (before.status === 'failed' && now.status === 'failed') {
    return before.attempts + (kind === 'failed' ? 1 : 0);
  }
  if (before.inFlight) return before.attempts + (kind === 'nudge' ? 1 : 0);
  if (before.status === 'empty') return before.attempts;
  return before.attempts + (asked ? 1 : 0);
}
