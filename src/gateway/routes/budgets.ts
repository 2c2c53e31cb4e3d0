import type { BudgetInfo } from '../../contract/budget.ts';
import { ownerSeen } from '../auth.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import type { VisibleRuns } from '../other-runs.ts';
import { noQuery } from '../schemas/requests.ts';
import { budgetList } from '../schemas/spend.ts';

/** Adds the route that lists day budgets. */
export function addBudgets(app: App, { temporal }: Gateway): void {
  app.get(
    '/v1/budgets',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listBudgets',
        summary: 'Day budgets, with what is left of them today',
        description:
          'A token of one owner sees the budgets in which that owner’s runs have reserved or wait today, and no other runs in them.',
        tags: ['spend'],
        querystring: noQuery,
        response: { 200: budgetList.describe('By name.'), ...problems(400, 401, 429, 503) },
      },
    },
    (request) => {
      const owner = ownerSeen(request);
      return temporal.withClient(async (rowmill) => {
        const all = await rowmill.budgets.list();
        if (owner === undefined) return all;
        const visible: VisibleRuns = (ids) => rowmill.visible(ids, { owner });
        const own = await Promise.all(all.budgets.map((one) => ownPart(one, visible)));
        // Whose budget does not answer is not known.
        return { budgets: own.filter((one) => one !== null), unanswered: [] };
      });
    },
  );
}

/** The part of a budget that an owner may see; `null`: its runs have no part in it. */
async function ownPart(budget: BudgetInfo, visible: VisibleRuns): Promise<BudgetInfo | null> {
  const ids = [...budget.runs, ...budget.waiting].map(({ run }) => run);
  if (ids.length === 0) return null;
  const seen = new Set(await visible([...new Set(ids)]));
  if (seen.size === 0) return null;
  const runs = budget.runs.filter(({ run }) => seen.has(run));
  return {
    ...budget,
    runs,
    waiting: budget.waiting.filter(({ run }) => seen.has(run)),
    pipelines: [...new Set(runs.map(({ pipeline }) => pipeline))],
    raises: budget.raises.map((raise) => ({ ...raise, by: null })),
  };
}
