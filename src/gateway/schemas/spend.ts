import { z } from 'zod';
import { SPEND_BY } from '../../contract/spend.ts';

const spendSums = {
  runs: z.number(),
  passes: z.number(),
  cells: z.number(),
  credits: z
    .number()
    .describe('Of the cells asked for; one that was asked for twice counts twice.'),
  creditsUnconfirmed: z.number().describe('Part of it that the provider has not confirmed.'),
  creditsCancelled: z.number().nullable().describe('Part of it that was cancelled, and is free.'),
  balanceChange: z
    .number()
    .nullable()
    .describe('Of the accounts while the runs lived; others may have used them as well.'),
};

export const spendReport = z
  .object({
    by: z.enum(SPEND_BY),
    since: z.iso.datetime().nullable(),
    groups: z.array(z.object({ name: z.string(), ...spendSums })),
    total: z.object(spendSums),
  })
  .meta({ id: 'Spend' });

const budget = z
  .object({
    name: z.string(),
    maxCredits: z.number().describe('Credits a day.'),
    timezone: z.string().describe('IANA name; its midnight ends a day.'),
    day: z.iso.date(),
    endsAtMs: z.number().describe('Epoch ms.'),
    limit: z.number().describe('Credits of the day, raises included.'),
    reserved: z.number(),
    left: z.number(),
    raises: z.array(z.object({ credits: z.number(), by: z.string().nullable(), atMs: z.number() })),
    pipelines: z.array(z.string()).describe('Pipelines that name it.'),
    runs: z
      .array(
        z.object({
          run: z.string(),
          pipeline: z.string(),
          passes: z.number(),
          credits: z.number(),
        }),
      )
      .describe('Credits reserved today, by run.'),
    waiting: z
      .array(z.object({ run: z.string(), credits: z.number(), sinceMs: z.number() }))
      .describe('Runs that wait for room.'),
  })
  .meta({ id: 'Budget' });

export const budgetList = z
  .object({
    budgets: z.array(budget),
    unanswered: z.array(z.string()).describe('Names of budgets for which no worker answers.'),
  })
  .meta({ id: 'BudgetList' });
