import type { BudgetDay, DayBudgetPolicy, DayBudgets } from '../src/contract/budget.ts';
import { RowmillError } from '../src/errors.ts';
import { safeName } from '../src/store/safe-name.ts';
import type { RunKey } from '../src/store/store.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { activity } from './runtime/activity.ts';

export interface JoinBudgetInput {
  run: RunKey;
  pipeline: string;
  policy: DayBudgetPolicy;
  /** Estimate of the run. */
  credits: number;
}

/**
 * Begins to use the day budget of a run.
 * @throws RowmillError `budget_conflict`; `spend_refused` for a run that fits into no day
 */
export const joinBudget = activity<JoinBudgetInput, BudgetDay>(
  async ({ run, pipeline, policy, credits }, _attempt, deps) => {
    const day = await budgetsOf(deps).join(policy, { id: runName(run), pipeline });
    const limit = Math.max(policy.maxCredits, day.limit);
    if (credits > limit) {
      const { budget } = policy;
      throw new RowmillError(
        'spend_refused',
        `estimated ${credits} credits, budget ${budget} has ${limit} a day: it fits into no day`,
        {
          remedy: `Send fewer rows or columns, raise spend.perDay.maxCredits, or for today: rowmill budget raise ${budget} ${Math.ceil(credits - limit)}`,
        },
      );
    }
    return day;
  },
);

export function budgetsOf({ budgets }: ActivityDeps): DayBudgets {
  if (budgets !== undefined) return budgets;
  throw new RowmillError('internal', 'the worker has no connection to day budgets');
}

/** Names a run in the ids of updates, whose length is limited. */
export const runName = ({ workflowId, firstRunId }: RunKey): string =>
  `${safeName(workflowId)}/${firstRunId}`;
