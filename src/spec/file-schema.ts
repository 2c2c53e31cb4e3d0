import { z } from 'zod';
import { BUDGET_NAME_PATTERN } from '../contract/budget.ts';
import { CEILING_POLICIES, DUPLICATES_POLICIES, TYPE_POLICIES } from '../contract/pipeline.ts';
import { PROVIDER_NAMES, PROVIDER_SPECS, type ProviderSpec } from '../providers/catalog.ts';
import { NAME_ALLOWED as BUDGET_ALLOWED } from '../rules/input/budget-input.ts';
import { listOf, RESULT_EXTENSIONS } from '../sinks/index.ts';
import { canaryFile } from './columns/canary.ts';
import { changesFile } from './columns/changes.ts';
import { whenFile } from './columns/conditions.ts';
import { expectFile, onFailedFile } from './columns/expectations.ts';
import { typesFile } from './columns/types.ts';
import { notifyFile } from './fields/notify.ts';
import { postgresFile } from './fields/postgres.ts';
import { queryFile } from './fields/rows-from.ts';
import { duration, share } from './fields/scalar-fields.ts';
import { scheduleFile, TIMEZONE_ALLOWED } from './fields/schedule.ts';

/**
 * Schema of the pipeline file (manual: docs/reference/pipeline-file.md). Messages name what is
 * allowed; translate.ts adds what was found and where.
 */

const credits = z.number('a number of credits, 0 or more').min(0);

export const RESULT_WHEN = ['always', 'completed', 'partial'] as const;

const NAME = 'lower-case letters, digits and "-", 1 to 63, like sp500-profile';

const inlineRows = z.array(z.record(z.string(), z.json()), 'a list of rows');

const rows = z
  .strictObject({
    from: z
      .union(
        [z.string().min(1), inlineRows, queryFile],
        'a path, an https address, "-" for standard input, a list of rows, or { postgres: { urlEnv, query } }',
      )
      .optional()
      .describe(
        'Path relative to this file (.csv, .tsv, .jsonl, .ndjson, .json), an https address, s3://…, a query of PostgreSQL, or - for stdin.',
      ),
    inline: inlineRows.optional().describe('The rows themselves, instead of `from`.'),
    key: z
      .string()
      .min(1)
      .optional()
      .describe('Source column that identifies a row for ever. Default: that of the first input.'),
    map: z
      .record(z.string(), z.string('a source column').min(1))
      .optional()
      .describe('Table input column ← source column. Default: the same names.'),
    keep: z
      .union([z.literal('all'), z.array(z.string().min(1)).max(1000)], 'all, or a list of columns')
      .optional()
      .describe(
        'Source columns that come back with the results: all that are not mapped (the default), or these.',
      ),
    skipBad: share
      .optional()
      .describe(
        'Share of rows that may be left out because they cannot be used; they are named in the quarantine. Default 0.',
      ),
    duplicates: z
      .enum(DUPLICATES_POLICIES)
      .optional()
      .describe(
        'Later rows of a key: refuse makes them unusable, first leaves them out and names them in the quarantine. Default refuse.',
      ),
    format: z
      .enum(['csv', 'jsonl', 'json'])
      .optional()
      .describe(
        'Where the extension does not show it; stdin and https are recognised by their first character.',
      ),
  })
  .meta({
    description: 'Where the rows come from.',
    oneOf: [{ required: ['from'] }, { required: ['inline'] }],
  });

const csv = z
  .strictObject({
    formulas: z
      .enum(['verbatim', 'quoted'])
      .optional()
      .describe(
        'Text that a spreadsheet would calculate: as it is, or with an apostrophe before it. Default: keys as they are, everything else quoted.',
      ),
    bom: z.boolean().optional().describe('A byte order mark first, for Excel. Default false.'),
    explanations: z
      .boolean()
      .optional()
      .describe('A column with the explanation beside each answer. Default false.'),
    sources: z
      .boolean()
      .optional()
      .describe('A column with the sources beside each answer. Default false.'),
  })
  .describe('How a .csv file is written.');

const run = z
  .strictObject({
    mode: z
      .enum(['new', 'all'])
      .optional()
      .describe('`all` also pays for cells that have a value already. Default new.'),
    failedPasses: z
      .int()
      .min(0)
      .max(20)
      .optional()
      .describe('Reruns of failed cells; 0 = none. Default 2.'),
    tolerateFailed: share
      .optional()
      .describe(
        'Share of cells that may stay without an answer; above it the outcome is `partial`. Default 0.',
      ),
    deadline: duration
      .optional()
      .describe('From the start; then it publishes what is there. Default 24h.'),
    stallAfter: duration.optional().describe('No movement for so long = stalled. Default 30m.'),
    minPollInterval: duration.optional().describe('Shortest time between two polls. Default 2s.'),
    maxPollInterval: duration.optional().describe('Longest time between two polls. Default 120s.'),
  })
  .describe('How the run goes on, and when it gives up.');

const spend = z
  .strictObject({
    creditsPerCell: credits.optional().describe('Price of a plain cell. Default 1.'),
    maxCredits: credits
      .optional()
      .describe(
        'Ceiling of the run, over all passes. Without onCeiling an estimate above it is refused.',
      ),
    onCeiling: z
      .enum(CEILING_POLICIES)
      .optional()
      .describe(
        'Above the ceiling: publish asks for what fits and publishes the rest as not asked; ask waits for an approval, which raises it.',
      ),
    approveAbove: credits.optional().describe('Wait for an approval above this estimate.'),
    perDay: z
      .strictObject({
        maxCredits: credits.describe('Credits a day, of all pipelines that name the budget.'),
        budget: z
          .string(BUDGET_ALLOWED)
          .regex(new RegExp(BUDGET_NAME_PATTERN), BUDGET_ALLOWED)
          .describe('Name of the budget.'),
        timezone: z
          .string(TIMEZONE_ALLOWED)
          .optional()
          .describe('IANA time zone, whose midnight ends a day. Default UTC.'),
      })
      .optional()
      .describe('Budget of a day; a pass that does not fit waits for the next day.'),
  })
  .describe('What it may cost.');

const refresh = z
  .strictObject({
    columns: z
      .record(z.string(), duration)
      .optional()
      .describe('Longest time for which an answer is kept, by column key. Default: for ever.'),
    failed: z
      .enum(['retry', 'leave'])
      .optional()
      .describe('Cells of earlier runs without an answer. Default retry.'),
    vanished: z
      .enum(['keep', 'mark', 'drop'])
      .optional()
      .describe(
        'Rows that left the source: they stay, stay with a mark in the results, or are deleted. Default keep.',
      ),
  })
  .describe('What a table with `keep` is asked for again.');

/** Columns of an unknown provider cannot be checked. */
const anyColumn = z.record(z.string(), z.json());

/** Maximum columns, far above any table; bounds the time to check a wrong file. */
export const MAX_COLUMNS = 500;

/** Maximum results: each is probed before a run, and written after it. */
export const MAX_RESULTS = 50;

const schemas = new Map<ProviderSpec | null, ReturnType<typeof fileSchema>>();

/** Returns the schema for one provider; without one, columns have any shape. */
export function pipelineFile(provider: ProviderSpec | null): ReturnType<typeof fileSchema> {
  // Cached, because building it takes longer than using it.
  const schema = schemas.get(provider) ?? fileSchema(provider);
  schemas.set(provider, schema);
  return schema;
}

/** Settings of any provider, accepted where the provider is unknown. */
const anySettings = Object.fromEntries(
  PROVIDER_SPECS.flatMap(({ settings }) => Object.keys(settings)).map((name) => [
    name,
    z.json().optional(),
  ]),
);

/** Builds the schema of `table`. */
export const tableSchema = (provider: ProviderSpec | null) =>
  z
    .strictObject({
      ...(provider?.settings ?? anySettings),
      keep: z
        .boolean('true or false')
        .optional()
        .describe(
          'One table for all runs of the pipeline: each asks only for what is due. Default false: one table for each run.',
        ),
      columns: z
        .array(provider?.column ?? anyColumn)
        .min(1)
        .max(MAX_COLUMNS)
        .describe('The provider’s own column configs, verbatim.'),
    })
    .describe('The table that is made.');

const when = z
  .enum(RESULT_WHEN)
  .optional()
  .describe(
    'Which outcomes are published: completed, partial (and completed), always. Default: always, but a run that was cut short does not replace fuller results.',
  );

const types = z
  .enum(TYPE_POLICIES)
  .optional()
  .describe(
    'Answers of another type than their column: off writes them as they are, check makes them invalid, coerce converts unambiguous forms first. Default off; of .parquet and postgres check.',
  );

/** A file or a table; `checkResults` reports both and neither. */
const result = z
  .strictObject({
    to: z
      .string()
      .min(1)
      .optional()
      .describe(`Path relative to this file; ${listOf(RESULT_EXTENSIONS)}.`),
    postgres: postgresFile.optional(),
    csv: csv.optional(),
    types,
    when,
  })
  .meta({
    description: 'One copy of the results: a file (`to`) or a table.',
    oneOf: [{ required: ['to'] }, { required: ['postgres'] }],
  });

const fileSchema = (provider: ProviderSpec | null) =>
  z.strictObject({
    name: z
      .string(NAME)
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, NAME)
      .describe('Name of the pipeline; run ids and result names start with it.'),
    provider: z
      .enum([...new Set([...PROVIDER_NAMES, ...(provider === null ? [] : [provider.name])])])
      .describe('Whose AI tables are used.'),
    table: tableSchema(provider),
    rows,
    run: run.optional(),
    spend: spend.optional(),
    refresh: refresh.optional(),
    results: z.array(result).min(1).max(MAX_RESULTS).describe('Where the results go.'),
    types: typesFile.optional(),
    when: whenFile.optional(),
    canary: canaryFile.optional(),
    expect: expectFile.optional(),
    onFailedExpectation: onFailedFile.optional(),
    changes: changesFile.optional(),
    report: z
      .boolean('true or false')
      .optional()
      .describe('A page about the run beside the results, <name>.report.html. Default true.'),
    notify: notifyFile.optional(),
    schedule: scheduleFile.optional(),
    $schema: z.string().optional().describe('For editors: where the JSON Schema of this file is.'),
  });

export type PipelineFile = z.output<ReturnType<typeof fileSchema>>;

type Written = z.input<ReturnType<typeof fileSchema>>;

/** Pipeline as written by hand or by a backend: defaults left out, durations as text. */
export interface PipelineDocument extends Omit<Written, 'table'> {
  /** Table with the provider's own columns and settings. */
  table: Written['table'] & Record<string, unknown>;
}
