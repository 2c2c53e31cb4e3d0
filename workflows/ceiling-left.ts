import type { CeilingReached } from '../src/contract/run.ts';
import type { Run } from './run.ts';
import { type RunState, spendOf } from './run-state.ts';

/** Credits that the run may ask for, over all passes; an approval may have raised them. */
export function ceilingOf({ state, pipeline }: Pick<Run, 'state' | 'pipeline'>): number {
  const { prepared, ceilingRaisedTo = 0 } = state;
  if (prepared?.judgesPasses !== true) return Infinity;
  const { maxCredits = Infinity } = spendOf({ state, pipeline });
  return Math.min(Math.max(maxCredits, ceilingRaisedTo), ownersLimit(state));
}

/** Limit of the worker's owner, which no approval raises. */
export const ownersLimit = ({ prepared }: RunState): number =>
  prepared?.ceiling.maxCredits ?? Infinity;

/** Credits of what all passes asked for so far. */
export const creditsAsked = (run: Pick<Run, 'state' | 'pipeline'>): number =>
  (run.state.unitsAsked ?? 0) * spendOf(run).creditsPerCell;

/** The ceiling that a run has reached, for summary and progress. */
export function ceilingReachedOf(run: Pick<Run, 'state' | 'pipeline'>): {
  ceiling?: CeilingReached;
} {
  const { ceilingReached } = run.state;
  if (ceilingReached === undefined) return {};
  return {
    ceiling: { maxCredits: ceilingOf(run), asked: creditsAsked(run), ...ceilingReached },
  };
}
