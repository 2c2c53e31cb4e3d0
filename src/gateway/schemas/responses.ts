import { z } from 'zod';
import { ASK_REASONS } from '../../contract/ask-reasons.ts';
import { NEEDS } from '../../contract/notify.ts';
import { OUTCOMES } from '../../contract/outcome.ts';
import { VALUE_RULES } from '../../contract/results.ts';
import { ERRORS } from '../../errors.ts';

/** Response schemas for the OpenAPI document; responses may gain fields in any release. */

const counts = z.object({
  done: z.number(),
  empty: z.number(),
  failed: z.number(),
  blocked: z.number(),
  pending: z.number(),
  skipped: z
    .number()
    .optional()
    .describe('Not asked for: conditions do not hold, or the row left the source.'),
});

export const startedRun = z
  .object({
    id: z.string(),
    runId: z.string(),
    attached: z.boolean().describe('It was there already.'),
    warnings: z
      .array(z.string())
      .describe('Warnings about the pipeline and its rows, such as rows that ask the same.'),
    links: z.object({ self: z.string(), events: z.string(), results: z.string() }),
  })
  .meta({ id: 'StartedRun' });

/** Fields of a listed run. */
const runInfoFields = {
  id: z.string(),
  runId: z.string(),
  pipeline: z.string().nullable(),
  status: z.string().describe('Temporal’s word: RUNNING, COMPLETED, FAILED, TERMINATED, …'),
  stage: z.string().nullable(),
  outcome: z.string().nullable(),
  rows: z.number().nullable(),
  failedCells: z.number().nullable(),
  tableId: z.string().nullable(),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
};

export const runInfo = z.object(runInfoFields);

export const runList = z
  .object({
    runs: z.array(runInfo),
    next: z.string().nullable().describe('Cursor of the next page; null: this is the last.'),
  })
  .meta({ id: 'RunList' });

const apiCalls = z.object({ total: z.number(), polls: z.number() });

const usage = z
  .object({
    requests: z.number(),
    price: z.number().describe('In the provider’s own currency.'),
    inputTokens: z.number(),
    outputTokens: z.number(),
    unpriced: z
      .number()
      .optional()
      .describe('Cells without a reported price; `price` is of the others.'),
  })
  .nullable()
  .describe('What the cells took as their last computation left them, where the provider says so.');

/** Left out without a value. */
const unusedFields = {
  tableChangedDuringScan: z
    .literal(true)
    .optional()
    .describe('The table kept changing while it was read: cells may be of different moments.'),
  badRows: z
    .number()
    .optional()
    .describe('Rows of the source that rows.skipBad or rows.duplicates left out.'),
  failedTargets: z
    .array(z.object({ to: z.string(), problem: z.string() }))
    .optional()
    .describe('Targets that could not be written; the results are in the store.'),
  invalid: z
    .record(z.string(), z.number())
    .optional()
    .describe('Answers of another type than their column, by column; the quarantine has them.'),
  rowsUnreadable: z
    .number()
    .optional()
    .describe('Rows that no page could be read with; the quarantine names them.'),
  balanceProblem: z.string().optional().describe('Why the balance could not be read.'),
  sourceWarnings: z
    .array(z.string())
    .optional()
    .describe('Warnings about the rows, where the worker read the source itself.'),
  duplicateRows: z
    .number()
    .optional()
    .describe('Second rows of a key: neither run nor in the results.'),
  cellsCancelled: z
    .number()
    .optional()
    .describe('Cells that were cancelled before the provider started them: not paid for.'),
  cellsCancelledIsMinimum: z
    .boolean()
    .optional()
    .describe('The count is a lower bound: the reply to a cancel was lost.'),
};

const expectation = z.object({
  column: z.string(),
  rule: z.enum(['filled', ...VALUE_RULES]),
  wanted: z.number().describe('Share, 0 to 1.'),
  found: z.number(),
  met: z.boolean(),
});

const canary = z.object({
  rows: z.number(),
  of: z.number().describe('Rows of the list.'),
  credits: z.number(),
  expectations: z.array(expectation).optional(),
});

const approvalRequest = {
  credits: z.number(),
  cells: z
    .object({ requested: z.number(), affected: z.number() })
    .nullable()
    .describe('Of a provider that would run more cells than it was asked to.'),
  ceiling: z
    .number()
    .optional()
    .describe('Ceiling of the run that the credits exceed; the approval raises it.'),
  failed: z
    .array(expectation)
    .optional()
    .describe('Expectations that the results fail, which are published if approved.'),
  canary: canary.optional().describe('Canary whose rest is asked for if approved.'),
};

/** Left out if no approval was needed. */
const approvalFields = {
  approvals: z
    .array(
      z.object({
        ...approvalRequest,
        how: z.enum(['start', 'update', 'policy']),
        by: z.string().nullable(),
        atMs: z.number(),
      }),
    )
    .optional()
    .describe('Approvals of what is spent.'),
  confirmed: z
    .object({ requests: z.number(), cells: z.number() })
    .optional()
    .describe('Large runs that the provider asked to confirm, and that were confirmed.'),
  queuedMore: z
    .object({ requested: z.number(), affected: z.number() })
    .optional()
    .describe('Cells asked for, and cells queued by the provider’s count, where it queued more.'),
};

const otherRun = z
  .string()
  .nullable()
  .describe('Id of a run; null: a run that the caller may not see.');

const ceiling = z
  .object({ maxCredits: z.number(), asked: z.number(), cellsNotAsked: z.number() })
  .optional()
  .describe('Ceiling of the run, where it kept cells from being asked for.');

/** Schema of `RunProgress`; see docs/guides/gateway.md. */
const progress = z
  .object({
    stage: z.string(),
    rows: z.number(),
    pass: z.number(),
    cells: z.object({
      total: z.number(),
      done: z.number(),
      inProgress: z.number(),
      failed: z.number().nullable(),
    }),
    cellsPerMinute: z.number().nullable(),
    leftMs: z.number().nullable(),
    estimatedCredits: z.number(),
    pendingApproval: z
      .object(approvalRequest)
      .nullable()
      .optional()
      .describe('The request that waits for an approval.'),
    ceiling,
    budgetWait: z
      .object({
        budget: z.string(),
        credits: z.number().describe('Of the pass that waits.'),
        day: z.string(),
        endsAtMs: z.number().describe('Epoch ms: then it goes on by itself.'),
        limit: z.number(),
        reserved: z.number(),
      })
      .optional()
      .describe('What it waits for at the stage `waiting for budget`.'),
    usage,
    apiCalls,
    creditsSpent: z.number().describe('By the cells asked for so far and their price.'),
    quietSinceMs: z
      .number()
      .nullable()
      .optional()
      .describe('Epoch ms: no count has changed since; null while cells move.'),
    problem: z.string().nullable(),
    sameTarget: z
      .array(otherRun)
      .optional()
      .describe(
        'Runs in progress that publish to a place of this one, three at most. Left out: none.',
      ),
    ...approvalFields,
    ...unusedFields,
  })
  .meta({ id: 'Progress' });

const summary = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable().describe('Why it ended as it did; null: it simply completed.'),
    tableId: z.string().nullable(),
    rows: z.number(),
    cells: counts,
    passes: z.number(),
    apiCalls,
    creditsSpent: z.number().describe('By the cells asked for and their price.'),
    asked: z
      .partialRecord(z.enum(ASK_REASONS), z.number())
      .optional()
      .describe('Cells that all passes asked for, by reason. Left out: none.'),
    balanceChange: z
      .number()
      .nullable()
      .describe('Of the account while the run lived; others may have used it as well.'),
    estimatedCredits: z.number().optional(),
    ceiling,
    budget: z
      .object({ name: z.string(), credits: z.number() })
      .optional()
      .describe('Day budget of the pipeline, and the credits that the run reserved in it.'),
    usage,
    expectations: z
      .array(expectation)
      .optional()
      .describe('Expectations of the pipeline, judged; left out: there are none.'),
    canary: canary.optional().describe('Canary that went before the rest.'),
    changes: z
      .object({
        path: z.string(),
        new: z.number(),
        changed: z.number(),
        vanished: z.number(),
        lost: z.number(),
        since: z
          .string()
          .nullable()
          .describe(
            'Id of the run that published before; null: none did, or one of another owner.',
          ),
      })
      .optional()
      .describe('Rows that differ from the publication before; left out: nothing was compared.'),
    report: z.string().optional().describe('Name of the report beside the results.'),
    reportProblem: z.string().optional().describe('Why the report could not be written.'),
    changesProblem: z.string().optional().describe('Why published results could not be compared.'),
    ...approvalFields,
    ...unusedFields,
    notified: z
      .array(
        z.object({
          url: z.string(),
          id: z.string(),
          status: z.enum(['delivered', 'failed']),
          problem: z.string().nullable(),
          event: z
            .enum(NEEDS)
            .optional()
            .describe('What was reported; left out: the end of the run.'),
        }),
      )
      .optional()
      .describe('Deliveries of webhooks and messages.'),
  })
  .meta({ id: 'Summary' });

const runError = z.object({
  code: z.string(),
  what: z.string(),
  where: z.string().nullable(),
  remedy: z.string(),
});

export const runStatus = z
  .object({
    ...runInfoFields,
    progress: progress.nullable().describe('While it is in progress and a worker answers.'),
    summary: summary.nullable().describe('Once it has ended.'),
    replaced: z
      .array(z.object({ path: z.string(), workflowId: otherRun }))
      .describe(
        'Published files that another run has replaced since, as far as the gateway can read them.',
      ),
    error: runError.nullable().describe('Why it failed.'),
    warning: z.string().nullable().describe('Why nothing more is known of a run in progress.'),
  })
  .meta({ id: 'Run' });

export const actionResponse = z
  .object({
    id: z.string().describe('The run that goes on: of a rerun, the new one.'),
    action: z.string(),
  })
  .meta({ id: 'Acted' });

export const adjusted = z
  .object({ id: z.string(), deadlineAt: z.iso.datetime(), maxPollIntervalMs: z.number() })
  .meta({ id: 'Adjusted' });

// Safe cast: the keys of the table, which TypeScript widens to strings.
const CODES = Object.keys(ERRORS) as (keyof typeof ERRORS)[];

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(CODES),
    remedy: z.string(),
    where: z.string().nullable(),
    requestId: z.string(),
    issues: z.array(z.object({ path: z.string(), found: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

/** Streamed body, which no schema validates. */
export const streamed = z.unknown().meta({ type: 'string' });

/** Server-sent event of a stream. */
export const event = z.unknown().meta({
  id: 'Event',
  type: 'object',
  properties: {
    event: { type: 'string', enum: ['progress', 'outcome'] },
    data: { type: 'string', description: 'JSON: how the run stands, or how it ended.' },
    id: { type: 'string', description: 'Of the last one: `end`.' },
  },
});
