import { z } from 'zod';
import type { DayBudgetPolicy } from '../contract/budget.ts';
import type {
  ColumnConfig,
  CsvOptions,
  Pipeline,
  RefreshPolicy,
  ResultTarget,
  RowsSource,
  RowsSpec,
  TableTarget,
} from '../contract/pipeline.ts';
import { rowsFormatOf } from '../paths/formats.ts';
import { resolvePlace } from '../paths/place.ts';
import type { ProviderSpec, TableShape } from '../providers/catalog.ts';
import { resultFormatOf, STORED_FORMAT } from '../sinks/index.ts';
import { RUN_DEFAULTS } from './check-file.ts';
import { canaryOf } from './columns/canary.ts';
import { changesOf } from './columns/changes.ts';
import { whenOf } from './columns/conditions.ts';
import { expectOf } from './columns/expectations.ts';
import { notifyOf } from './fields/notify.ts';
import { postgresOf } from './fields/postgres.ts';
import { isWebAddress } from './fields/rows-from.ts';
import type { PipelineFile } from './file-schema.ts';

/** Settings that all providers name equally, checked by each provider's own schema. */
const COMMON = z
  .object({
    kind: z.string().optional(),
    description: z.string().optional(),
    tags: z.array(z.string()).optional(),
  })
  .catchall(z.json());

/** Fields taken verbatim: the schema leaves out columns called `__proto__`. */
export interface Verbatim {
  columns: ColumnConfig[];
  rows: Pick<PipelineFile['rows'], 'from' | 'inline' | 'map'>;
}

/** Converts a valid file to a pipeline: defaults filled in, paths absolute. */
export function normalise(
  file: PipelineFile,
  { columns, rows }: Verbatim,
  provider: ProviderSpec,
  baseDir: string,
): Pipeline {
  const { run = {}, spend = {} } = file;
  const { columns: _columns, keep, ...fields } = file.table;
  const { kind = provider.kinds[0], description, tags, ...settings } = COMMON.parse(fields);
  const shape = { ...(kind === undefined ? {} : { kind }), columns };
  return {
    name: file.name,
    provider: file.provider,
    table: {
      ...shape,
      ...(keep === true ? { keep } : {}),
      ...(description === undefined ? {} : { description }),
      tags: tags ?? [],
      ...(Object.keys(settings).length === 0 ? {} : { settings }),
    },
    rows: rowsOf({ ...file.rows, ...rows }, shape, provider, baseDir),
    run: {
      mode: run.mode ?? RUN_DEFAULTS.mode,
      failedPasses: run.failedPasses ?? RUN_DEFAULTS.failedPasses,
      tolerateFailed: run.tolerateFailed ?? RUN_DEFAULTS.tolerateFailed,
      deadlineMs: run.deadline ?? RUN_DEFAULTS.deadlineMs,
      stallAfterMs: run.stallAfter ?? RUN_DEFAULTS.stallAfterMs,
      minPollIntervalMs: run.minPollInterval ?? RUN_DEFAULTS.minPollIntervalMs,
      maxPollIntervalMs: run.maxPollInterval ?? RUN_DEFAULTS.maxPollIntervalMs,
    },
    spend: {
      creditsPerCell: spend.creditsPerCell ?? 1,
      ...(spend.maxCredits === undefined ? {} : { maxCredits: spend.maxCredits }),
      ...(spend.onCeiling === undefined ? {} : { onCeiling: spend.onCeiling }),
      ...(spend.approveAbove === undefined ? {} : { approveAbove: spend.approveAbove }),
      ...(spend.perDay === undefined ? {} : { perDay: perDayOf(spend.perDay) }),
    },
    ...(file.refresh === undefined ? {} : { refresh: refreshOf(file.refresh) }),
    results: file.results.flatMap(({ to, csv, types, when }): ResultTarget[] =>
      to === undefined
        ? []
        : [
            {
              to: resolvePlace(baseDir, to),
              format: resultFormatOf(to) ?? STORED_FORMAT,
              ...(csv === undefined ? {} : { csv: csvOf(csv) }),
              ...(types === undefined ? {} : { types }),
              ...(when === undefined ? {} : { when }),
            },
          ],
    ),
    ...tablesOf(file.results),
    ...(file.types === undefined ? {} : { types: file.types }),
    ...(file.when === undefined ? {} : { when: whenOf(file.when) }),
    ...(file.canary === undefined ? {} : { canary: canaryOf(file.canary) }),
    ...(file.expect === undefined ? {} : { expect: expectOf(file.expect) }),
    ...(file.onFailedExpectation === undefined
      ? {}
      : { onFailedExpectation: file.onFailedExpectation }),
    ...(file.changes === undefined ? {} : { changes: changesOf(file.changes) }),
    ...(file.report === false ? { report: false } : {}),
    ...(file.notify === undefined ? {} : { notify: notifyOf(file.notify) }),
  };
}

function tablesOf(results: PipelineFile['results']): Pick<Pipeline, 'tables'> {
  const tables = results.flatMap(({ postgres, types, when }): TableTarget[] =>
    postgres === undefined
      ? []
      : [
          {
            postgres: postgresOf(postgres),
            ...(types === undefined ? {} : { types }),
            ...(when === undefined ? {} : { when }),
          },
        ],
  );
  return tables.length === 0 ? {} : { tables };
}

const perDayOf = ({ maxCredits, budget, timezone = 'UTC' }: PerDayFields): DayBudgetPolicy => ({
  maxCredits,
  budget,
  timezone,
});

type PerDayFields = NonNullable<NonNullable<PipelineFile['spend']>['perDay']>;

function rowsOf(
  rows: PipelineFile['rows'],
  table: TableShape,
  provider: ProviderSpec,
  baseDir: string,
): RowsSpec {
  const inputs = provider.inputs(table);
  const map = { ...Object.fromEntries(inputs.map((input) => [input, input])), ...rows.map };
  const first = inputs[0];
  return {
    source: sourceOf(rows, baseDir),
    key:
      rows.key ??
      (first === undefined
        ? 'key'
        : ((Object.hasOwn(map, first) ? map[first] : undefined) ?? first)),
    map,
    ...(rows.keep === undefined ? {} : { keep: rows.keep }),
    ...(rows.skipBad === undefined ? {} : { skipBad: rows.skipBad }),
    ...(rows.duplicates === undefined ? {} : { duplicates: rows.duplicates }),
  };
}

const refreshOf = ({
  columns = {},
  failed = 'retry',
  vanished = 'keep',
}: NonNullable<PipelineFile['refresh']>): RefreshPolicy => ({ columns, failed, vanished });

/** Drops undefined fields, which would change a digest. */
const csvOf = ({ formulas, bom, explanations, sources }: CsvFields): CsvOptions => ({
  ...(formulas === undefined ? {} : { formulas }),
  ...(bom === undefined ? {} : { bom }),
  ...(explanations === undefined ? {} : { explanations }),
  ...(sources === undefined ? {} : { sources }),
});

type CsvFields = NonNullable<PipelineFile['results'][number]['csv']>;

function sourceOf({ from, inline, format }: PipelineFile['rows'], baseDir: string): RowsSource {
  if (from === '-') return { type: 'stdin', ...(format === undefined ? {} : { format }) };
  if (typeof from === 'string' && isWebAddress(from)) {
    const known = format ?? rowsFormatOf(new URL(from).pathname);
    return { type: 'url', url: from, ...(known === null ? {} : { format: known }) };
  }
  if (typeof from === 'string') {
    return {
      type: 'file',
      path: resolvePlace(baseDir, from),
      format: format ?? rowsFormatOf(from) ?? 'csv',
    };
  }
  if (from !== undefined && 'postgres' in from) return { type: 'postgres', ...from.postgres };
  return { type: 'inline', rows: from ?? inline ?? [] };
}
