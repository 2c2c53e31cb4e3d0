import type { Client } from '@temporalio/client';
import {
  BUDGET_ID_PREFIX,
  BUDGET_QUERY,
  BUDGET_UPDATE,
  BUDGET_WORKFLOW_TYPE,
  budgetWorkflowId,
  type BudgetInfo,
} from '../contract/budget.ts';
import { RowmillError } from '../errors.ts';
import { checkRaise, checkSettings, isName, NAME_ALLOWED } from '../rules/input/budget-input.ts';
import { errorOfBudget, updateExisting, updateOrStart, budgetNotFound } from './budgets/updates.ts';
import type { RunLink } from './rowmill-run.ts';

export interface SetBudgetOptions {
  /** Credits a day. */
  maxCredits: number;
  /** IANA time zone, whose midnight ends a day. @default that of the budget, else UTC */
  timezone?: string | undefined;
}

export interface BudgetList {
  budgets: BudgetInfo[];
  /** Names of budgets for which no worker answers. */
  unanswered: string[];
}

export interface RaiseBudgetOptions {
  /** Credits that are added to those of today. */
  credits: number;
  /** Name of the operator. */
  by?: string | undefined;
}

/** A query is answered by a worker. */
const WAIT_MS = 5_000;

/**
 * Day budgets, which pipelines share by name (`spend.perDay`).
 *
 * ```ts
 * const { left, waiting } = await rowmill.budgets.show('gtm');
 * if (waiting.length > 0) await rowmill.budgets.raise('gtm', { credits: 2000 });
 * ```
 */
export class RowmillBudgets {
  readonly #link: RunLink;

  constructor(link: RunLink) {
    this.#link = link;
  }

  /** Lists the budgets that runs have used, by name. */
  async list(): Promise<BudgetList> {
    const names = await this.#call('list', async (client) => {
      const found: string[] = [];
      const query = `WorkflowType = '${BUDGET_WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'`;
      for await (const { workflowId } of client.workflow.list({ query })) {
        if (workflowId.startsWith(BUDGET_ID_PREFIX)) {
          found.push(workflowId.slice(BUDGET_ID_PREFIX.length));
        }
      }
      return found;
    });
    const shown = await Promise.allSettled(names.sort().map((name) => this.show(name)));
    return {
      budgets: shown.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
      unanswered: names.filter((_, at) => shown[at]?.status === 'rejected'),
    };
  }

  /** Returns a budget on its current day. @throws RowmillError `budget_not_found` */
  show(name: string): Promise<BudgetInfo> {
    return this.#call(name, (client) =>
      client.withDeadline(Date.now() + WAIT_MS, async () => {
        const handle = client.workflow.getHandle(budgetWorkflowId(name));
        // A terminated one still answers, but holds nothing any more.
        if ((await handle.describe()).status.name !== 'RUNNING') throw budgetNotFound(name);
        return handle.query<BudgetInfo>(BUDGET_QUERY);
      }),
    );
  }

  /**
   * Sets the credits a day, and the time zone. Creates the budget if there is none.
   * @throws RowmillError `usage`
   */
  async set(name: string, { maxCredits, timezone }: SetBudgetOptions): Promise<BudgetInfo> {
    const settings = timezone === undefined ? { maxCredits } : { maxCredits, timezone };
    refuse(name, checkSettings(settings));
    const { taskQueue } = this.#link;
    const address = { name, taskQueue, settings: { maxCredits, timezone: timezone ?? 'UTC' } };
    return this.#call(name, (client) =>
      updateOrStart<BudgetInfo>(client, address, BUDGET_UPDATE.set, { args: [settings] }),
    );
  }

  /**
   * Adds credits to those of today; runs that wait go on.
   * @throws RowmillError `budget_not_found`, `usage`
   */
  async raise(name: string, { credits, by }: RaiseBudgetOptions): Promise<BudgetInfo> {
    const raise = by === undefined ? { credits } : { credits, by };
    refuse(name, checkRaise(raise));
    return this.#call(name, (client) =>
      updateExisting<BudgetInfo>(client, name, BUDGET_UPDATE.raise, { args: [raise] }),
    );
  }

  async #call<T>(name: string, work: (client: Client) => Promise<T>): Promise<T> {
    const { client, taskQueue } = this.#link;
    try {
      return await work(client);
    } catch (error) {
      throw errorOfBudget(error, name, taskQueue);
    }
  }
}

function refuse(name: string, issue: string | null): void {
  const wrong = isName(name) ? issue : `name: a budget has ${NAME_ALLOWED}`;
  if (wrong !== null) throw new RowmillError('usage', wrong, { where: `budget ${name}` });
}
