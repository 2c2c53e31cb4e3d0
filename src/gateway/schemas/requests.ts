import { z } from 'zod';
import { RUN_STATUSES } from '../../client/runs/lookup/list.ts';
import { SPEND_BY } from '../../contract/spend.ts';
import { OUTCOMES } from '../../contract/outcome.ts';
import { MAX_CANARY } from '../../spec/columns/canary.ts';
import { RESULT_FORMAT_NAMES } from '../../sinks/index.ts';
import { DURATION_ALLOWED, DURATION_PATTERN, parseDuration } from '../../spec/index.ts';

/** Request schemas; the OpenAPI document is generated from them. */

/** Pattern of a token's owner. */
export const OWNER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Id in a path: any text that Temporal accepts; `/` and other reserved characters are
 * percent-encoded.
 */
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
    .describe('Only runs in progress that are at this stage, like `waiting for approval`.'),
  outcome: z.enum(OUTCOMES).optional().describe('Only runs that ended so.'),
  status: z.enum(RUN_STATUSES).optional().describe('Temporal’s word for how the workflow stands.'),
  owner: z
    .string()
    .regex(OWNER, 'letters, digits, ".", "_" and "-", 1 to 63')
    .optional()
    .describe('Only runs of this owner; a token of one owner sees no others.'),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Runs a page.'),
  cursor: z.string().min(1).max(4096).optional().describe('`next` of the page before.'),
});

export const spendQuery = z.strictObject({
  by: z.enum(SPEND_BY).default('day').describe('What the groups are formed by.'),
  since: z
    .string()
    .regex(new RegExp(DURATION_PATTERN))
    .max(40)
    // Rejects 0 and more than a year, which a pattern cannot express.
    .refine((value) => parseDuration(value) !== null, DURATION_ALLOWED)
    .optional()
    .describe('Only passes of the last `30d`, `12h`, …'),
});

export const resultsQuery = z.strictObject({
  format: z.enum(RESULT_FORMAT_NAMES).optional().describe('Instead of the header Accept.'),
});

export const idempotencyKey = z
  .string('required: what you call this piece of work')
  .regex(/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'plain text of 1 to 255 characters')
  .describe('What the caller calls this piece of work: the same key is the same run.')
  .meta({ example: 'order-4711' });

export const keyHeaders = z.looseObject({ 'idempotency-key': idempotencyKey });

/** Checked by the schema of pipelines, which reports every mistake. */
export const pipelineField = z
  .union([z.looseObject({}), z.string().min(1)])
  .describe(
    'The pipeline (docs/reference/pipeline-file.md): as an object, in which `results` may be left out, or as YAML or JSON text.',
  );

/** Example for the OpenAPI document. */
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
      .describe('The estimated credits are approved: `spend.approveAbove` asks for no approval.'),
    canary: z
      .int()
      .min(1)
      .max(MAX_CANARY)
      .optional()
      .describe('So many rows go first and are judged, as `canary` in the pipeline.'),
    night: z
      .strictObject({
        full: z.boolean().optional().describe('Asks for every cell once, whatever its age.'),
        apply: z
          .boolean()
          .optional()
          .describe('Gives the table the columns of the pipeline, as `rowmill apply` does.'),
        newTable: z.boolean().optional().describe('Makes a new table; the one before stays.'),
      })
      .optional()
      .describe('What the run does on a lasting table (`table.keep`) beside what is due.'),
  })
  .meta({
    id: 'StartRun',
    example: {
      pipeline: PIPELINE,
      rows: [{ Symbol: 'MMM', Security: '3M' }],
    },
  });

const duration = z
  .union(
    [
      z.string().regex(new RegExp(DURATION_PATTERN)).max(40),
      z
        .number()
        .int()
        .min(1)
        .max(365 * 24 * 3_600_000),
    ],
    DURATION_ALLOWED,
  )
  // Rejects 0 and more than a year, which a pattern cannot express.
  .refine((value) => typeof value === 'number' || parseDuration(value) !== null, DURATION_ALLOWED);

export const adjustBody = z
  .strictObject({
    deadline: duration.optional().describe('From the start of the run, like `8h`, or in ms.'),
    maxPollInterval: duration.optional().describe('Between two polls, like `60s`, or in ms.'),
  })
  .refine(
    ({ deadline, maxPollInterval }) => deadline !== undefined || maxPollInterval !== undefined,
    {
      error: 'give deadline, maxPollInterval, or both',
    },
  )
  .meta({ id: 'AdjustRun', minProperties: 1, example: { deadline: '8h' } });
