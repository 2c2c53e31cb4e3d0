import { z } from 'zod';
import { BUDGET_NAME_PATTERN } from '../contract/budget.ts';
import { NOTIFY_EVENTS } from '../contract/notify.ts';
import {
  CEILING_POLICIES,
  DUPLICATES_POLICIES,
  FAILED_EXPECTATION_POLICIES,
  TYPE_POLICIES,
} from '../contract/pipeline.ts';
import type { PreviousRunRef, EnrichTableInput } from '../contract/run.ts';
import { PROVIDER_NAMES } from '../providers/catalog.ts';
import { MAX_DURATION_MS } from '../rules/duration.ts';
import { RESULT_FORMAT_NAMES } from '../sinks/index.ts';
import { canaryInput } from './columns/canary.ts';
import { changesInput } from './columns/changes.ts';
import { whenInput } from './columns/conditions.ts';
import { expectInput } from './columns/expectations.ts';
import { typesFile } from './columns/types.ts';
import { postgresInput } from './fields/postgres.ts';
import { queryFile } from './fields/rows-from.ts';
import { RESULT_WHEN } from './file-schema.ts';

/**
 * Schema of the argument of `enrichTable`, for other languages: a validated pipeline, as `rowmill
 * check FILE --json` prints it under `workflowInput`.
 */

const text = z.string().min(1);
const ms = (description: string) =>
  z.int().min(1).max(MAX_DURATION_MS).describe(`${description} In ms.`);
const credits = z.number().min(0);
const absolute = text.describe('Absolute path, where the worker is.');
const rowsFormat = z.enum(['csv', 'jsonl', 'json']);

const csvOptions = z.strictObject({
  formulas: z.enum(['verbatim', 'quoted']).exactOptional(),
  bom: z.boolean().exactOptional(),
  explanations: z.boolean().exactOptional(),
  sources: z.boolean().exactOptional(),
});

const on = z.array(z.enum(NOTIFY_EVENTS)).min(1).describe('At these events.');

const receiver = z.union([
  z.strictObject({
    url: text.describe('Where the webhook is sent: https, without credentials.'),
    on,
    secretEnv: text.describe('Environment variable of the worker with the secret.'),
  }),
  z.strictObject({
    slack: text.describe('Environment variable of the worker with the address of the channel.'),
    on,
  }),
]);

const pipeline = (providers: readonly string[]) =>
  z.strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    provider: z.enum(providers),
    table: z.strictObject({
      kind: text.exactOptional(),
      keep: z.literal(true).exactOptional().describe('One table for all runs of the pipeline.'),
      description: z.string().exactOptional(),
      tags: z.array(text),
      settings: z
        .record(z.string(), z.json())
        .exactOptional()
        .describe('What else the provider’s tables take.'),
      columns: z
        .array(z.record(z.string(), z.json()))
        .min(1)
        .describe('The provider’s own column configs.'),
    }),
    rows: z.strictObject({
      source: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('file'), path: absolute, format: rowsFormat }),
        z.strictObject({ type: z.literal('stdin'), format: rowsFormat.exactOptional() }),
        z.strictObject({
          type: z.literal('inline'),
          rows: z.array(z.record(z.string(), z.json())),
        }),
        z.strictObject({
          type: z.literal('url'),
          url: text.describe('An https address without credentials.'),
          format: rowsFormat.exactOptional(),
        }),
        z.strictObject({
          type: z.literal('postgres'),
          urlEnv: queryFile.shape.postgres.shape.urlEnv,
          query: queryFile.shape.postgres.shape.query,
        }),
      ]),
      key: text.describe('Source column that identifies a row.'),
      map: z.record(z.string(), text).describe('Table input column ← source column.'),
      keep: z
        .union([z.literal('all'), z.array(text)])
        .exactOptional()
        .describe(
          'Source columns that come back with the results; left out: all that are not mapped.',
        ),
      skipBad: z
        .number()
        .min(0)
        .max(1)
        .exactOptional()
        .describe('Share of rows that may be left out because they cannot be used.'),
      duplicates: z
        .enum(DUPLICATES_POLICIES)
        .exactOptional()
        .describe('Later rows of a key: refuse them, or use the first row.'),
    }),
    run: z.strictObject({
      mode: z.enum(['new', 'all']),
      failedPasses: z.int().min(0),
      tolerateFailed: z.number().min(0).max(1),
      deadlineMs: ms('From the start of the run.'),
      stallAfterMs: ms('No movement for so long: stalled.'),
      minPollIntervalMs: ms('Shortest time between two polls.'),
      maxPollIntervalMs: ms('Longest time between two polls.'),
    }),
    spend: z.strictObject({
      creditsPerCell: credits,
      maxCredits: credits.exactOptional(),
      onCeiling: z.enum(CEILING_POLICIES).exactOptional(),
      approveAbove: credits.exactOptional(),
      perDay: z
        .strictObject({
          maxCredits: credits,
          budget: z.string().regex(new RegExp(BUDGET_NAME_PATTERN)),
          timezone: text.describe('IANA time zone, whose midnight ends a day.'),
        })
        .exactOptional()
        .describe('Budget of a day, shared by all pipelines that name it.'),
    }),
    refresh: z
      .strictObject({
        columns: z
          .record(z.string(), ms('Longest time for which an answer is kept.'))
          .describe('By column key; other columns are asked for once.'),
        failed: z.enum(['retry', 'leave']),
        vanished: z.enum(['keep', 'mark', 'drop']),
      })
      .exactOptional()
      .describe('What a lasting table is asked for again.'),
    results: z
      .array(
        z.strictObject({
          to: absolute,
          format: z.enum(RESULT_FORMAT_NAMES),
          when: z.enum(RESULT_WHEN).exactOptional().describe('Which outcomes are published here.'),
          types: z
            .enum(TYPE_POLICIES)
            .exactOptional()
            .describe('What answers of another type become.'),
          csv: csvOptions.exactOptional(),
        }),
      )
      .describe('Files that get the results.'),
    tables: z
      .array(
        z.strictObject({
          postgres: postgresInput,
          when: z.enum(RESULT_WHEN).exactOptional(),
          types: z.enum(TYPE_POLICIES).exactOptional(),
        }),
      )
      .min(1)
      .exactOptional()
      .describe('Tables of databases that get the results.'),
    types: typesFile.exactOptional(),
    when: whenInput
      .exactOptional()
      .describe('Columns that are asked for only in rows where conditions hold.'),
    canary: canaryInput
      .exactOptional()
      .describe('Rows that go through all columns before the rest.'),
    expect: expectInput
      .exactOptional()
      .describe('Expectations of the answers by column, judged before anything is published.'),
    onFailedExpectation: z
      .enum(FAILED_EXPECTATION_POLICIES)
      .exactOptional()
      .describe('What a failed expectation does.'),
    changes: changesInput
      .exactOptional()
      .describe('What counts as a change since the last publication.'),
    report: z.literal(false).exactOptional().describe('No report is written beside the results.'),
    notify: z
      .array(receiver)
      .min(1)
      .exactOptional()
      .describe('Receivers of messages about the run.'),
  });

const runKey = { workflowId: text, firstRunId: text };

const previousRunRef = z.strictObject({
  ...runKey,
  tableId: text.exactOptional(),
  get previousRun(): z.ZodExactOptional<z.ZodType<PreviousRunRef>> {
    return previousRunRef.exactOptional();
  },
});

/** Builds the schema for a worker with these providers. */
export const workflowInputFor = (providers: readonly string[]) =>
  z.strictObject({
    pipeline: pipeline(providers),
    snapshot: z
      .strictObject({
        digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
        rows: z.int().min(0),
        bytes: z.int().min(0),
        badRows: z
          .strictObject({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/), rows: z.int().min(1) })
          .exactOptional()
          .describe('Rows that could not be used, in a file beside them.'),
      })
      .exactOptional()
      .describe('Rows that a client froze in the store; without it the worker reads the source.'),
    approved: z.boolean().exactOptional().describe('The estimated credits are approved.'),
    night: z
      .strictObject({
        full: z.boolean().exactOptional().describe('Ask for every cell once, whatever its age.'),
        apply: z
          .boolean()
          .exactOptional()
          .describe('Give the table the columns of the file, and overwrite edits of its inputs.'),
        newTable: z
          .boolean()
          .exactOptional()
          .describe('Make a new table in place of the one that the pipeline had.'),
      })
      .exactOptional()
      .describe('What a run with `table.keep` does beside what is due.'),
    previousRun: previousRunRef
      .exactOptional()
      .describe('A run that has ended, whose table this one goes on with.'),
  }) satisfies z.ZodType<EnrichTableInput>;

/** Schema with the providers of the package. */
export const workflowInput = workflowInputFor(PROVIDER_NAMES);

/** JSON Schema (2020-12) of the workflow's argument. */
export function workflowInputJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(workflowInput, { target: 'draft-2020-12' });
  return {
    $schema,
    $id: 'urn:rowmill:schema:workflow-input',
    title: 'enrichTable input',
    description: 'The one argument of the workflow enrichTable on the task queue rowmill.',
    ...rest,
  };
}
