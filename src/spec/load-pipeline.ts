import { dirname, resolve } from 'node:path';
import type { Json } from '../contract/json.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { providerSpec } from '../providers/catalog.ts';
import { checkFile, columnDoubts, resultAllowed, rowsAllowed, tableShape } from './check-file.ts';
import { readDocument, type SpecDocument, valueDocument } from './document.ts';
import { pipelineFile } from './file-schema.ts';
import { locate, type IssueDraft } from './finding.ts';
import { issueText, SpecError, type SpecErrorCode, type SpecIssue } from './issue.ts';
import { normalise, type Verbatim } from './normalise.ts';
import { rowsFormatOf } from '../paths/formats.ts';
import { resultFormatOf } from '../sinks/index.ts';
import { readSpecFile } from './read-file.ts';
import { scheduleOf, type PipelineSchedule } from './schedule.ts';
import { refuseSecrets, refuseSecretValues, tokenValues } from './secrets.ts';
import { MAX_BYTES } from './size.ts';
import { allowedText, foundText, translate, valueAt } from './translate.ts';

export interface LoadedPipeline {
  pipeline: Pipeline;
  /** Absolute path of the pipeline file. */
  file: string;
  /** What may go wrong at the provider although nothing documented forbids it; one line each. */
  warnings: string[];
  /** Kept apart: when it runs is no part of what it does. */
  schedule?: PipelineSchedule;
  /** An error about what only shows beside the file, told by its lines. */
  mistakes: (findings: readonly IssueDraft[], code: SpecErrorCode) => SpecError;
}

export interface LoadOptions {
  /** Instead of `rows.from`: a path (relative to the working directory) or `-`. */
  rowsOverride?: string;
  /** Instead of `results`: one path, relative to the working directory. */
  outOverride?: string;
  /**
   * Where token values are looked up, to find them in the file.
   * @default process.env
   */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface ParseOptions extends LoadOptions {
  /** As shown in messages. */
  file: string;
  /** What relative paths in the text start from. */
  baseDir: string;
}

/**
 * Reads and checks a pipeline file (YAML or JSON). Spends nothing, touches no other file.
 * @throws RowmillError `spec_not_found`; SpecError `spec_invalid` with every mistake in `issues`,
 *   or `spec_has_secret`
 */
export async function loadPipeline(
  path: string,
  options: LoadOptions = {},
): Promise<LoadedPipeline> {
  const text = await readSpecFile(path);
  const parsed = parsePipeline(text, { ...options, file: path, baseDir: dirname(resolve(path)) });
  return { ...parsed, file: resolve(path) };
}

/** The same for text that is already there. */
export function parsePipeline(text: string, options: ParseOptions): LoadedPipeline {
  const { file } = options;
  if (text.length > MAX_BYTES) {
    const found = `${(text.length / MAX_BYTES).toFixed(1)} MiB`;
    throw new SpecError(file, [{ ...NOWHERE, ...WHOLE, found, allowed: 'at most 1 MiB' }]);
  }
  refuseSecrets(text, file, tokenValues(options.env ?? process.env));
  return check(readDocument(text, file), options);
}

/**
 * The same for a value that is there already: it has no lines, and takes no way through YAML.
 * @throws SpecError as `parsePipeline`; `spec_invalid` also for what is no JSON
 */
export function checkPipeline(value: unknown, options: ParseOptions): LoadedPipeline {
  const { file } = options;
  const { json, text } = asJson(value, file);
  const document = valueDocument(json, text, file);
  refuseSecrets(text, file, tokenValues(options.env ?? process.env));
  return check(document, options);
}

/** As it looks after its way through JSON: callers of plain JavaScript may send anything. */
function asJson(value: unknown, file: string): { json: Json; text: string } {
  try {
    const text = JSON.stringify(value);
    // What comes out of JSON is JSON.
    return { json: JSON.parse(text) as Json, text };
  } catch (cause) {
    const found = cause instanceof RangeError ? 'nested too deeply' : 'not a value of JSON';
    throw new SpecError(file, [{ ...NOWHERE, ...WHOLE, found, allowed: 'a plain pipeline' }]);
  }
}

function check(read: SpecDocument, options: ParseOptions): LoadedPipeline {
  const { file, baseDir } = options;
  refuseSecretValues(read, file, tokenValues(options.env ?? process.env));
  const overridden = override(read, options);
  const document = { ...read, value: overridden.value };

  const named = valueAt(document.value, ['provider']);
  const provider = typeof named === 'string' ? providerSpec(named) : null;
  const parsed = pipelineFile(provider).safeParse(document.value, { error: allowedText });
  const issues = [
    ...document.issues,
    ...overridden.issues,
    ...(parsed.success ? [] : translate(parsed.error.issues, document)),
    ...checkFile(document, provider, { file, baseDir }).map(byFlag(options)),
  ];
  if (issues.length > 0 || !parsed.success || provider === null) throw new SpecError(file, issues);

  // Without mistakes, they are of the kinds that the schema asks for.
  const { from, inline, map } = valueAt(document.value, ['rows']) as Verbatim['rows'];
  const verbatim: Verbatim = {
    columns: [...tableShape(document.value).columns],
    rows: {
      ...(from === undefined ? {} : { from }),
      ...(inline === undefined ? {} : { inline }),
      ...(map === undefined ? {} : { map }),
    },
  };
  const { schedule } = parsed.data;
  return {
    pipeline: normalise(parsed.data, verbatim, provider, baseDir),
    file: resolve(file),
    warnings: locate(columnDoubts(document.value, provider), document).map((issue) =>
      issueText(file, issue),
    ),
    mistakes: (findings, code) =>
      new SpecError(file, locate(findings, document).map(byFlag(options)), code),
    ...(schedule === undefined ? {} : { schedule: scheduleOf(schedule) }),
  };
}

const NOWHERE = { line: null, column: null } as const;
const WHOLE = { path: '', suggestion: null } as const;

/** What a flag took the place of does not stand in the file. */
const byFlag =
  ({ rowsOverride, outOverride }: LoadOptions) =>
  (issue: SpecIssue): SpecIssue => {
    if (rowsOverride !== undefined && issue.path === 'rows.from') {
      return { ...issue, ...NOWHERE, path: '--rows' };
    }
    if (outOverride !== undefined && issue.path.startsWith('results[')) {
      return { ...issue, ...NOWHERE, path: '--out' };
    }
    return issue;
  };

/** Flags of the command line take the place of what the file says, before it is checked. */
function override(
  document: SpecDocument,
  { rowsOverride, outOverride }: LoadOptions,
): { value: Json; issues: SpecIssue[] } {
  const issues: SpecIssue[] = [];
  const flag = (name: string, found: string, allowed: string): void => {
    issues.push({ ...NOWHERE, path: name, found: foundText(found), allowed, suggestion: null });
  };
  let { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value, issues };
  if (rowsOverride !== undefined) {
    const kept = ['key', 'map', 'keep', 'skipBad'].flatMap((name) => {
      const before = valueAt(document.value, ['rows', name]);
      return before === undefined ? [] : [[name, before] as const];
    });
    const known = rowsOverride === '-' || rowsFormatOf(rowsOverride) !== null;
    if (!known) flag('--rows', rowsOverride, rowsAllowed(rowsOverride));
    const from = rowsOverride === '-' ? '-' : resolve(rowsOverride);
    value = { ...value, rows: { ...Object.fromEntries(kept), from: known ? from : '-' } };
  }
  if (outOverride !== undefined) {
    const known = resultFormatOf(outOverride) !== null;
    if (!known) flag('--out', outOverride, resultAllowed);
    value = { ...value, results: [{ to: known ? resolve(outOverride) : 'unknown.jsonl' }] };
  }
  return { value, issues };
}
