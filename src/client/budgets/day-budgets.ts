import type { Client } from '@temporalio/client';
import { z } from 'zod';
import {
  BUDGET_UPDATE,
  type BudgetDay,
  type BudgetRequest,
  type DayBudgetPolicy,
  type DayBudgets,
  type Reservation,
} from '../../contract/budget.ts';
import { errorOfBudget, refusalIn, updateOrStart } from './updates.ts';

const dayShape = z.object({
  day: z.string(),
  endsAtMs: z.number(),
  limit: z.number(),
  reserved: z.number(),
});

/** Budgets as workflows on the Temporal server: one for each name, in the namespace of the client. */
export function createDayBudgets(client: Client, taskQueue: string): DayBudgets {
  const addressOf = ({ budget, maxCredits, timezone }: DayBudgetPolicy) => ({
    name: budget,
    taskQueue,
    settings: { maxCredits, timezone },
  });
  return {
    join: async (policy, { pipeline, id }) => {
      const { maxCredits, timezone } = policy;
      const join = { pipeline, maxCredits, timezone };
      try {
        return await updateOrStart<BudgetDay>(client, addressOf(policy), BUDGET_UPDATE.join, {
          updateId: `${id}/join`,
          args: [join],
        });
      } catch (error) {
        throw errorOfBudget(error, policy.budget, taskQueue);
      }
    },
    reserve: async (policy, request, { nowMs, isRaised }) => {
      const ask = (updateId: string): Promise<Reservation> =>
        reserve(client, addressOf(policy), updateId, request);
      try {
        // The budget repeats the answer to an id. More than was reserved is another question.
        const id = isRaised ? `${request.id}/${request.credits}` : request.id;
        const first = await ask(id);
        // The budget knows the id of an earlier day, and repeats its answer of that day.
        if (!first.granted || first.endsAtMs > nowMs()) return first;
        return await ask(`${id}/after-${first.day}`);
      } catch (error) {
        throw errorOfBudget(error, policy.budget, taskQueue);
      }
    },
  };
}

async function reserve(
  client: Client,
  address: Parameters<typeof updateOrStart>[1],
  updateId: string,
  request: BudgetRequest,
): Promise<Reservation> {
  try {
    return await updateOrStart<Reservation>(client, address, BUDGET_UPDATE.reserve, {
      updateId,
      args: [request],
    });
  } catch (error) {
    const refusal = refusalIn(error);
    const day = dayShape.safeParse(refusal?.details);
    if (refusal?.code !== 'budget_empty' || !day.success) throw error;
    return { granted: false, ...day.data };
  }
}
