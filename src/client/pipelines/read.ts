import type { Json, JsonObject } from '../../contract/json.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import {
  checkPipeline,
  loadPipeline,
  parsePipeline,
  type LoadedPipeline,
  type PipelineDocument,
  type SpecError,
} from '../../spec/index.ts';
import { RowmillError } from '../../errors.ts';
import { resolvePlace } from '../../paths/place.ts';
import { CanaryMismatch } from '../../sources/canary-check.ts';
import { MissingColumns } from '../../sources/columns/missing-columns.ts';

/**
 * Pipeline: the path of its file, its text (YAML or JSON), or an object. Relative paths in a text
 * or an object start from `baseDir`.
 */
export type PipelineSource = string | { text: string; baseDir?: string } | PipelineDocument;

/** Rows that replace those of the pipeline: a list, or the path of a file. */
export type RowsOverride = string | readonly Record<string, Json>[];

export interface ReadOptions {
  rows?: RowsOverride | undefined;
  /** Publishes only to this path. Requires the source to be the path of a file. */
  out?: string | undefined;
  /** Number of rows that go first, as a canary. */
  canary?: number | undefined;
  /** @default the working directory */
  baseDir?: string | undefined;
  /** Environment whose token values the pipeline must not contain. @default process.env */
  env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Reads and checks a pipeline. Spends nothing.
 * @throws RowmillError `spec_not_found`; SpecError `spec_invalid` with every mistake in `issues`,
 * or `spec_has_secret`
 */
export async function readPipeline(
  source: PipelineSource,
  options: ReadOptions = {},
): Promise<LoadedPipeline> {
  const { rows, out, canary, env } = options;
  const shared = {
    ...(typeof rows === 'string' ? { rowsOverride: rows } : {}),
    ...(out === undefined ? {} : { outOverride: out }),
    ...(canary === undefined ? {} : { canaryOverride: canary }),
    ...(env === undefined ? {} : { env }),
  };
  if (typeof source === 'string') return withRows(await loadPipeline(source, shared), rows);
  const isSent = isText(source);
  const baseDir = resolvePlace(
    '.',
    (isSent ? source.baseDir : undefined) ?? options.baseDir ?? '.',
  );
  const place = { ...shared, file: PIPELINE_NAME, baseDir };
  if (isSent) return withRows(parsePipeline(source.text, place), rows);
  return withRows(checkPipeline(withoutRows(source), place), rows ?? inlineRowsOf(source));
}

/** Name of the pipeline in messages. */
export const PIPELINE_NAME = 'pipeline';

const isText = (source: PipelineSource): source is { text: string; baseDir?: string } =>
  typeof source === 'object' && 'text' in source && typeof source.text === 'string';

/** Removes the rows, which may be megabytes. They are checked one by one when they are frozen. */
function withoutRows(source: Exclude<PipelineSource, string>): unknown {
  // JavaScript callers and the gateway may pass any value.
  const rows: unknown = 'rows' in source ? source.rows : undefined;
  if (inlineRowsOf(source) === undefined || !isObject(rows)) return source;
  return { ...source, rows: { ...rows, ...('inline' in rows ? { inline: [] } : { from: [] }) } };
}

/** The list of rows of an object, checked row by row when they are frozen. */
function inlineRowsOf(source: Exclude<PipelineSource, string>): JsonObject[] | undefined {
  if (isText(source) || !isObject(source.rows)) return undefined;
  const { inline, from } = source.rows;
  const list: unknown = inline ?? from;
  // The source checks each entry and reports those that are not rows.
  return Array.isArray(list) ? (list as JsonObject[]) : undefined;
}

const withRows = (loaded: LoadedPipeline, rows: RowsOverride | undefined): LoadedPipeline =>
  rows === undefined || typeof rows === 'string'
    ? loaded
    : { ...loaded, pipeline: withInlineRows(loaded.pipeline, [...rows]) };

export const withInlineRows = (pipeline: Pipeline, rows: Record<string, Json>[]): Pipeline => ({
  ...pipeline,
  rows: { ...pipeline.rows, source: { type: 'inline', rows } },
});

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Awaits the frozen rows of a pipeline. Reports a missing source or column at the line of the file
 * that names it.
 * @throws SpecError `rows_invalid`, `source_not_found`, and the errors of `freezing`
 */
export async function atPipelineLine<T>(loaded: LoadedPipeline, freezing: Promise<T>): Promise<T> {
  try {
    return await freezing;
  } catch (error) {
    if (error instanceof MissingColumns) throw columnIssues(error, loaded);
    if (error instanceof CanaryMismatch) {
      const { field, what: found, allowed } = error;
      throw loaded.specError([{ path: ['canary', field], found, allowed }], 'rows_invalid');
    }
    throw isNoFile(error, loaded) ? noFile(error, loaded) : error;
  }
}

function columnIssues(
  { missing, there, source }: MissingColumns,
  { pipeline, specError }: LoadedPipeline,
): SpecError {
  const { key, map, keep = 'all' } = pipeline.rows;
  const findings = missing.flatMap(({ name, found, meant }) => {
    const what = {
      found: `${source} has ${found}`,
      allowed: `name one of its columns: ${there}`,
      suggestion: meant,
    };
    const inputs = Object.keys(map).filter((input) => map[input] === name);
    const named = inputs.map((input) => ['rows', 'map', input]);
    if (key === name) named.push(['rows', 'key']);
    for (const [column, conditions] of Object.entries(pipeline.when ?? {})) {
      if (Object.hasOwn(conditions, name)) named.push(['when', column, name]);
    }
    const at = keep === 'all' ? -1 : keep.indexOf(name);
    const paths: (string | number)[][] = at < 0 ? named : [...named, ['rows', 'keep', at]];
    return paths.map((path) => ({ ...what, path }));
  });
  return specError(findings, 'rows_invalid');
}

const isNoFile = (error: unknown, { pipeline }: LoadedPipeline): error is RowmillError =>
  error instanceof RowmillError &&
  error.code === 'source_not_found' &&
  pipeline.rows.source.type === 'file';

const noFile = ({ message }: RowmillError, { specError }: LoadedPipeline): SpecError =>
  specError(
    [{ path: ['rows', 'from'], found: message, allowed: 'a file that can be read here' }],
    'source_not_found',
  );
