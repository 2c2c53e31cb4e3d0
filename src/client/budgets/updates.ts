import { ApplicationFailure } from '@temporalio/common';
import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import {
  BUDGET_WORKFLOW_TYPE,
  budgetWorkflowId,
  type BudgetSettings,
} from '../../contract/budget.ts';
import { RowmillError } from '../../errors.ts';
import { errorOfServer } from '../../temporal/server-error.ts';
import { noWorkerText } from '../../temporal/task-queue.ts';

/** Address of a budget. */
export interface BudgetAddress {
  name: string;
  taskQueue: string;
  /** Settings of a budget that does not exist yet. */
  settings: BudgetSettings;
}

/** A running worker carries out an update within milliseconds. */
const WAIT_MS = 20_000;

interface UpdateOptions {
  /** Id of the update; the same id is the same update. */
  updateId?: string;
  args: [object];
}

/** Sends an update to a budget, which starts with it if it does not exist. @throws its own errors */
export function updateOrStart<Result>(
  client: Client,
  { name, taskQueue, settings }: BudgetAddress,
  update: string,
  options: UpdateOptions,
): Promise<Result> {
  const startWorkflowOperation = new WithStartWorkflowOperation(BUDGET_WORKFLOW_TYPE, {
    workflowId: budgetWorkflowId(name),
    taskQueue,
    args: [{ name, settings }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Day budget ${name}`,
  });
  return client.withDeadline(Date.now() + WAIT_MS, () =>
    client.workflow.executeUpdateWithStart<never, Result, [object]>(update, {
      ...options,
      // The type of the workflow plays no part here.
      startWorkflowOperation: startWorkflowOperation as never,
    }),
  );
}

/** Sends an update to a budget that exists. @throws RowmillError `budget_not_found` */
export function updateExisting<Result>(
  client: Client,
  name: string,
  update: string,
  options: UpdateOptions,
): Promise<Result> {
  return client.withDeadline(Date.now() + WAIT_MS, () =>
    client.workflow
      .getHandle(budgetWorkflowId(name))
      .executeUpdate<Result, [object]>(update, options),
  );
}

/** Converts the error of a call to a budget. */
export function errorOfBudget(error: unknown, name: string, taskQueue: string): unknown {
  const where = `budget ${name}`;
  if (error instanceof WorkflowNotFoundError) return budgetNotFound(name, error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new RowmillError('temporal_unreachable', noWorkerText(taskQueue), {
      where,
      remedy: 'Start a worker: it carries out what was sent, and the budget answers.',
      cause: error,
    });
  }
  const refused = refusalIn(error);
  if (refused === null) return errorOfServer(error, where) ?? error;
  const { code, what, remedy } = refused;
  const known = code === 'budget_conflict' || code === 'budget_empty' ? code : 'usage';
  return new RowmillError(known, what, { where, remedy, cause: error });
}

export const budgetNotFound = (name: string, cause?: unknown): RowmillError =>
  new RowmillError('budget_not_found', 'there is no such budget', {
    where: `budget ${name}`,
    cause,
  });

interface Refusal {
  code: string;
  what: string;
  remedy: string;
  details: object;
}

/** Returns what a budget refused, and why; `null` for any other error. */
export function refusalIn(error: unknown): Refusal | null {
  if (!(error instanceof WorkflowUpdateFailedError)) return null;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return null;
  const details: unknown = cause.details?.[0];
  if (typeof details !== 'object' || details === null) return null;
  const text = (name: string): string => {
    const value: unknown = Reflect.get(details, name);
    return typeof value === 'string' ? value : '';
  };
  return {
    code: cause.type ?? '',
    what: text('what') || cause.message,
    remedy: text('remedy'),
    details,
  };
}
