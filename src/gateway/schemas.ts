import { z } from 'zod';
import { RUN_STATUSES } from '../client/list-runs.ts';
import { ERRORS } from '../errors.ts';
import type { Outcome } from '../contract/run.ts';
import { DURATION_ALLOWED, DURATION_PATTERN } from '../spec/index.ts';

/**
 * What goes in and out over HTTP: requests are judged by it, and the OpenAPI document is made of
 * it. Answers may gain fields in any release.
 */

const OUTCOMES = ['completed', 'partial', 'failed', 'cancelled'] as const satisfies Outcome[];

export const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** An id may be any text that Temporal takes; `/` and the like come percent-encoded. */
export const runPath = z.strictObject({
  id: z.string().min(1).max(1000).describe('Id of the run.').meta({ example: 'order-4711' }),
});

export const noQuery = z.strictObject({});

export const listQuery = z.strictObject({
  pipeline: z.string().regex(NAME).optional().describe('Only runs of this pipeline.'),
  stage: z
    .string()
    .regex(/^[a-z][a-z ]{0,60}$/)
    .optional()
    .describe('Only runs under way that are at this stage, like `waiting for approval`.'),
  outcome: z.enum(OUTCOMES).optional().describe('Only runs that ended so.'),
  status: z.enum(RUN_STATUSES).optional().describe('Temporal’s word for how the workflow stands.'),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Runs a page.'),
  cursor: z.string().min(1).max(4096).optional().describe('`next` of the page before.'),
});

export const FORMATS = ['jsonl', 'csv'] as const;

export const resultsQuery = z.strictObject({
  format: z.enum(FORMATS).optional().describe('Instead of the header Accept.'),
});

export const idempotencyKey = z
  .string('required: what you call this piece of work')
  .regex(/^[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?$/, 'plain text of 1 to 255 characters')
  .describe('What the caller calls this piece of work: the same key is the same run.')
  .meta({ example: 'order-4711' });

export const keyHeaders = z.looseObject({ 'idempotency-key': idempotencyKey });

/** Judged by the schema of pipelines, which names every mistake. */
export const pipelineField = z
  .union([z.looseObject({}), z.string().min(1)])
  .describe(
    'The pipeline (docs/pipeline-file.md): as an object, in which `results` may be left out, or as YAML or JSON text.',
  );

/** An example. */
export const PIPELINE = {
  name: 'sectors',
  provider: 'extruct',
  table: {
    columns: [
      {
        kind: 'agent',
        key: 'sector',
        name: 'Sector',
        value: {
          agent_type: 'research_pro',
          prompt: 'Which GICS sector is {company_name} in?',
        },
      },
    ],
  },
  rows: { inline: [], key: 'Symbol', map: { input: 'Security' } },
  spend: { approveAbove: 0 },
};

export const startBody = z
  .strictObject({
    pipeline: pipelineField,
    rows: z
      .array(z.looseObject({}))
      .optional()
      .describe('Rows instead of those of the pipeline: one object a row.'),
    approve: z
      .boolean()
      .optional()
      .describe('The estimated credits are approved: `spend.approveAbove` asks nobody.'),
  })
  .meta({
    id: 'StartRun',
    example: {
      pipeline: PIPELINE,
      rows: [{ Symbol: 'MMM', Security: '3M' }],
    },
  });

const counts = z.object({
  done: z.number(),
  empty: z.number(),
  failed: z.number(),
  blocked: z.number(),
  pending: z.number(),
});

export const startedRun = z
  .object({
    id: z.string(),
    runId: z.string(),
    attached: z.boolean().describe('It was there already.'),
    links: z.object({ self: z.string(), events: z.string(), results: z.string() }),
  })
  .meta({ id: 'StartedRun' });

/** Of a run, as it is listed. */
const listed = {
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

export const listedRun = z.object(listed);

export const runList = z
  .object({
    runs: z.array(listedRun),
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
  })
  .nullable()
  .describe('What the cells took as their last computation left them, where the provider says so.');

/** Left out where there is nothing of it. */
const unused = {
  rowsLeftOut: z
    .number()
    .optional()
    .describe('Rows that landed twice: neither run nor in the results.'),
  cellsGivenBack: z
    .number()
    .optional()
    .describe('Cells that were asked for and given back before they began: not paid.'),
};

/** Of `RunProgress`; see docs/gateway.md. */
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
    usage,
    apiCalls,
    problem: z.string().nullable(),
    ...unused,
  })
  .meta({ id: 'Progress' });

const summary = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    outcome: z.enum(OUTCOMES),
    tableId: z.string().nullable(),
    rows: z.number(),
    cells: counts,
    passes: z.number(),
    apiCalls,
    creditsSpent: z.number().nullable(),
    usage,
    ...unused,
  })
  .meta({ id: 'Summary' });

const runError = z.object({
  code: z.string(),
  what: z.string(),
  where: z.string().nullable(),
  remedy: z.string(),
});

export const runStanding = z
  .object({
    ...listed,
    progress: progress.nullable().describe('While it is under way and a worker answers.'),
    summary: summary.nullable().describe('Once it has ended.'),
    error: runError.nullable().describe('Why it failed.'),
    trouble: z.string().nullable().describe('Why nothing more is known of a run under way.'),
  })
  .meta({ id: 'Run' });

export const acted = z
  .object({
    id: z.string().describe('The run that goes on: of a rerun, the new one.'),
    action: z.string(),
  })
  .meta({ id: 'Acted' });

const duration = z.union(
  [
    z.string().regex(new RegExp(DURATION_PATTERN)).max(40),
    z
      .number()
      .int()
      .min(1)
      .max(365 * 24 * 3_600_000),
  ],
  DURATION_ALLOWED,
);

export const adjustBody = z
  .strictObject({
    deadline: duration.optional().describe('From the start of the run, like `8h`, or in ms.'),
    pollAtMost: duration.optional().describe('Between two polls, like `60s`, or in ms.'),
  })
  .refine(({ deadline, pollAtMost }) => deadline !== undefined || pollAtMost !== undefined, {
    error: 'give deadline, pollAtMost, or both',
  })
  .meta({ id: 'AdjustRun', minProperties: 1, example: { deadline: '8h' } });

export const adjusted = z
  .object({ id: z.string(), deadlineAt: z.iso.datetime(), pollAtMostMs: z.number() })
  .meta({ id: 'Adjusted' });

// The keys of the table, which TypeScript takes for plain strings.
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

/** A body that is streamed, which no schema looks at. */
export const streamed = z.unknown().meta({ type: 'string' });

/** One of the server-sent events, which are streamed as well. */
export const event = z.unknown().meta({
  id: 'Event',
  type: 'object',
  properties: {
    event: { type: 'string', enum: ['progress', 'outcome'] },
    data: { type: 'string', description: 'JSON: how the run stands, or how it ended.' },
    id: { type: 'string', description: 'Of the last one: `end`.' },
  },
});
