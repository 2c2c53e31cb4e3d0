import { resolve } from 'node:path';
import type { Json, JsonObject } from '../contract/json.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import {
  loadPipeline,
  parsePipeline,
  SpecError,
  type LoadedPipeline,
  type PipelineDocument,
} from '../spec/index.ts';

/**
 * A pipeline as a backend has it: the path of its file, its text (YAML or JSON), or the same as an
 * object. Relative paths in a text or an object start from `baseDir`.
 */
export type PipelineSource = string | { text: string; baseDir?: string } | PipelineDocument;

/** Rows instead of those of the pipeline: a list, or the path of a file. */
export type RowsOverride = string | readonly Record<string, Json>[];

export interface ReadOptions {
  rows?: RowsOverride | undefined;
  /** @default the working directory */
  baseDir?: string | undefined;
  /** Where token values are looked up, to find them in the pipeline. @default process.env */
  env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Reads and checks a pipeline, wherever it is. Spends nothing.
 * @throws RowmillError `spec_not_found`; SpecError `spec_invalid` with every mistake in `issues`, or
 *   `spec_has_secret`
 */
export async function readPipeline(
  source: PipelineSource,
  options: ReadOptions = {},
): Promise<LoadedPipeline> {
  const { rows, env } = options;
  const shared = {
    ...(typeof rows === 'string' ? { rowsOverride: rows } : {}),
    ...(env === undefined ? {} : { env }),
  };
  if (typeof source === 'string') return withRows(await loadPipeline(source, shared), rows);
  const { text, baseDir = options.baseDir ?? '.' } = isText(source) ? source : lifted(source);
  try {
    const parsed = parsePipeline(text, { ...shared, file: NAME, baseDir: resolve(baseDir) });
    const loaded = withRows(parsed, rows ?? inlineRowsOf(source));
    if (isText(source)) return loaded;
    return { ...loaded, mistakes: (...wrong) => withoutPlaces(parsed.mistakes(...wrong)) };
  } catch (error) {
    throw error instanceof SpecError && !isText(source) ? withoutPlaces(error) : error;
  }
}

/** As shown in messages. */
const NAME = 'pipeline';

const isText = (source: PipelineSource): source is { text: string; baseDir?: string } =>
  typeof source === 'object' && 'text' in source && typeof source.text === 'string';

/** An object as text, without its rows: a pipeline file is small, rows may be megabytes. */
function lifted(source: Exclude<PipelineSource, string>): { text: string; baseDir?: string } {
  // Callers of plain JavaScript and of the gateway may send anything.
  const rows: unknown = 'rows' in source ? source.rows : undefined;
  const light =
    inlineRowsOf(source) === undefined || !isObject(rows)
      ? source
      : { ...source, rows: { ...rows, ...('inline' in rows ? { inline: [] } : { from: [] }) } };
  return { text: JSON.stringify(light, null, 2) };
}

/** The list of rows that an object holds, checked row by row when they are frozen. */
function inlineRowsOf(source: Exclude<PipelineSource, string>): JsonObject[] | undefined {
  if (isText(source) || !isObject(source.rows)) return undefined;
  const { inline, from } = source.rows;
  const list: unknown = inline ?? from;
  // Each entry is judged by the source: it names those that are no rows.
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

/** Lines of a text that nobody has seen tell nobody anything. */
const withoutPlaces = (error: SpecError): SpecError =>
  new SpecError(
    NAME,
    error.issues.map((issue) => ({ ...issue, line: null, column: null })),
    error.code,
  );

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
