/** Names of the day budgets that client, workflows and activities agree on. */

export const BUDGET_WORKFLOW_TYPE = 'dayBudget';

/** Prefix of the workflow ids of budgets. */
export const BUDGET_ID_PREFIX = 'rowmill-budget:';

export const budgetWorkflowId = (name: string): string => `${BUDGET_ID_PREFIX}${name}`;

export const BUDGET_NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';

export const BUDGET_QUERY = 'budget';

export const BUDGET_UPDATE = {
  join: 'join',
  reserve: 'reserve',
  raise: 'raise',
  set: 'set',
} as const;

/** Signal of a run to a budget: it waits. */
export const BUDGET_SIGNAL = 'waiting';

/** Signal of a run to a budget: it has ended without sending a pass that it had reserved. */
export const BUDGET_RELEASE_SIGNAL = 'released';

export interface BudgetSettings {
  /** Credits a day. */
  maxCredits: number;
  /** IANA time zone, whose midnight ends a day. */
  timezone: string;
}

/** `spend.perDay` of a pipeline. */
export interface DayBudgetPolicy extends BudgetSettings {
  /** Name, shared by all pipelines that name it. */
  budget: string;
}

/** Use of a budget by a pipeline. */
export interface BudgetJoin extends BudgetSettings {
  pipeline: string;
}

/** Reservation of the credits of one pass. */
export interface BudgetRequest {
  /** Names run and pass: repeated, it is the same reservation. */
  id: string;
  /** Workflow id. */
  run: string;
  pipeline: string;
  pass: number;
  credits: number;
}

/** A budget on its current day. */
export interface BudgetDay {
  /** Day in the zone of the budget, `2026-01-31`. */
  day: string;
  /** End of the day, epoch ms. */
  endsAtMs: number;
  /** Credits of the day, raises included. */
  limit: number;
  reserved: number;
}

/** Reservation that a run returns unused. */
export interface BudgetRelease {
  /** Workflow id. */
  run: string;
  firstRunId: string;
  pass: number;
}

export interface BudgetRaise {
  credits: number;
  /** Name of the operator; `null`: not given. */
  by: string | null;
  atMs: number;
}

/** A run that waits for room in a budget. */
export interface WaitingRun {
  /** Workflow id. */
  run: string;
  credits: number;
  sinceMs: number;
}

/** State of a budget, as an operator sees it. */
export interface BudgetInfo extends BudgetSettings, BudgetDay {
  name: string;
  /** Credits that are left today; 0 if a raise was taken back. */
  left: number;
  raises: BudgetRaise[];
  /** Pipelines that name it. */
  pipelines: string[];
  /** Credits reserved today, by run. */
  runs: { run: string; pipeline: string; passes: number; credits: number }[];
  waiting: WaitingRun[];
}

/** Wait of a run for room in its budget. */
export interface BudgetWait extends BudgetDay {
  budget: string;
  /** Credits of the pass that waits. */
  credits: number;
}

/** Answer to a reservation. */
export type Reservation = BudgetDay & { granted: boolean };

/** Port to the budgets, for the steps of a run. */
export interface DayBudgets {
  /**
   * Begins to use a budget.
   * @param join `id` names the run: repeated, it is the same use
   * @throws RowmillError `budget_conflict` where other pipelines have said otherwise
   */
  join(policy: DayBudgetPolicy, join: { id: string; pipeline: string }): Promise<BudgetDay>;
  /** Reserves the credits of a pass, if they fit. */
  reserve(
    policy: DayBudgetPolicy,
    request: BudgetRequest,
    options: { nowMs: () => number; isRaised: boolean },
  ): Promise<Reservation>;
}
