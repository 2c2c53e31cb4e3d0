import type { DayBudgetPolicy, Reservation } from '../src/contract/budget.ts';
import type { RunKey } from '../src/store/store.ts';
import { budgetsOf, runName } from './join-budget.ts';
import { activity } from './runtime/activity.ts';

export interface ReserveBudgetInput {
  run: RunKey;
  pipeline: string;
  policy: DayBudgetPolicy;
  /** Number of the pass in the run, from 1. */
  pass: number;
  credits: number;
  /** Set if it is more than the pass had reserved before. */
  isRaised: boolean;
}

/** Reserves the credits of a pass in the day budget. Repeated, it is the same reservation. */
export const reserveBudget = activity<ReserveBudgetInput, Reservation>(
  ({ run, pipeline, policy, pass, credits, isRaised }, _attempt, deps) => {
    const id = `${runName(run)}/${pass}`;
    const request = { id, run: run.workflowId, pipeline, pass, credits };
    const nowMs = deps.now ?? Date.now;
    return budgetsOf(deps).reserve(policy, request, { nowMs, isRaised });
  },
);
