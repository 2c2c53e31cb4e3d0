import type { BudgetRequest, DayBudgetPolicy, DayBudgets } from '../../../src/contract/budget.ts';
import {
  budgetDay,
  fitsBudget,
  joinBudget,
  newBudget,
  reserveBudget,
  type BudgetState,
} from '../../../src/rules/spend/day-budget.ts';
import type { Timeline } from './virtual-time.ts';

/** The zone has its midnight an hour after the simulation begins. */
export const BUDGET_ZONE = 'Atlantic/Azores';

/** A day budget that other runs have used before; its rules are those of the workflow. */
export class SimulatedBudgets implements DayBudgets {
  readonly #timeline: Timeline;
  #state: BudgetState | null = null;
  readonly #usedByOthers: number;
  /** Largest reservation of each pass on each day. */
  readonly #reserved = new Map<string, number>();

  /** @param usedByOthers Credits of the first day that other runs have reserved */
  constructor(timeline: Timeline, usedByOthers: number) {
    this.#timeline = timeline;
    this.#usedByOthers = usedByOthers;
  }

  /** Credits that the runs of the simulation have reserved, over all days. */
  get reserved(): number {
    return [...this.#reserved.values()].reduce((sum, credits) => sum + credits, 0);
  }

  join: DayBudgets['join'] = (policy, { pipeline }) => {
    const { nowMs } = this.#timeline;
    const state = joinBudget(this.#open(policy), { ...policy, pipeline }, nowMs);
    this.#state = state;
    return Promise.resolve(budgetDay(state, nowMs));
  };

  reserve: DayBudgets['reserve'] = (policy, request) => {
    const { nowMs } = this.#timeline;
    const state = this.#open(policy);
    if (!fitsBudget(state, request, nowMs)) {
      return Promise.resolve({ granted: false, ...budgetDay(state, nowMs) });
    }
    this.#state = reserveBudget(state, request, nowMs);
    const day = budgetDay(this.#state, nowMs);
    if (day.reserved > day.limit) throw new Error('more is reserved than there is');
    this.#note(request, day.day);
    return Promise.resolve({ granted: true, ...day });
  };

  #note({ id, credits }: BudgetRequest, day: string): void {
    const name = `${id} ${day}`;
    this.#reserved.set(name, Math.max(credits, this.#reserved.get(name) ?? 0));
  }

  #open(policy: DayBudgetPolicy): BudgetState {
    const { nowMs } = this.#timeline;
    return (this.#state ??= reserveBudget(
      newBudget(policy.budget, policy),
      { id: 'others', run: 'others', pipeline: 'others', pass: 1, credits: this.#usedByOthers },
      nowMs,
    ));
  }
}
