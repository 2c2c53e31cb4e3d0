import { dirname, resolve } from 'node:path';
import type { Json } from '../contract/json.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { rowsFormatOf } from '../paths/formats.ts';
import { resolvePlace } from '../paths/place.ts';
import { providerSpec } from '../providers/catalog.ts';
import { resultFormatOf, unknownAddress } from '../sinks/index.ts';
import { checkFile, columnDoubts, placeAllowed, rowsAllowed, tableShape } from './check-file.ts';
import { readDocument, type SpecDocument, valueDocument } from './document/document.ts';
import { locate, type IssueDraft } from './document/issue-draft.ts';
import { issueText, SpecError, type SpecErrorCode, type SpecIssue } from './document/issue.ts';
import { readSpecFile } from './document/read-file.ts';
import { refuseSecrets, refuseSecretValues, tokenValues } from './document/secrets.ts';
import { MAX_BYTES } from './document/size.ts';
import { allowedText, foundText, translate, valueAt } from './document/translate.ts';
import { scheduleOf, type PipelineSchedule } from './fields/schedule.ts';
import { pipelineFile } from './file-schema.ts';
import { normalise, type Verbatim } from './normalise.ts';

export interface LoadedPipeline {
  pipeline: Pipeline;
  /** Absolute path of the pipeline file. */
  file: string;
  /** Possible problems at the provider although nothing documented forbids it, one per line. */
  warnings: string[];
  /** Separate, because the schedule is not part of the work. */
  schedule?: PipelineSchedule;
  /** Builds an error with lines of the file for problems found outside of it. */
  specError: (findings: readonly IssueDraft[], code: SpecErrorCode) => SpecError;
}

export interface LoadOptions {
  /** Overrides `rows.from`: a path (relative to the working directory) or `-`. */
  rowsOverride?: string;
  /** Overrides `results` with one path, relative to the working directory. */
  outOverride?: string;
  /** Overrides `canary.rows`. */
  canaryOverride?: number;
  /**
   * Environment whose token values the file must not contain.
   * @default process.env
   */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface ParseOptions extends LoadOptions {
  /** Name of the file in messages. */
  file: string;
  /** Directory that relative paths in the text start from. */
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

/** Parses and checks a text. */
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
 * Checks a value directly, without YAML; issues have no lines.
 * @throws SpecError as `parsePipeline`; `spec_invalid` also for a value that is not JSON
 */
export function checkPipeline(value: unknown, options: ParseOptions): LoadedPipeline {
  const { file } = options;
  const { json, text } = asJson(value, file);
  const document = valueDocument(json, text, file);
  refuseSecrets(text, file, tokenValues(options.env ?? process.env));
  return check(document, options);
}

/** Normalizes a value through JSON: JavaScript callers may pass anything. */
function asJson(value: unknown, file: string): { json: Json; text: string } {
  try {
    const text = JSON.stringify(value);
    // Safe cast: the output of JSON.parse is JSON.
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

  // Safe cast: without mistakes the value fits the schema.
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
    specError: (findings, code) =>
      new SpecError(file, locate(findings, document).map(byFlag(options)), code),
    ...(schedule === undefined ? {} : { schedule: scheduleOf(schedule) }),
  };
}

const NOWHERE = { line: null, column: null } as const;
const WHOLE = { path: '', suggestion: null } as const;

/** A value replaced by a flag is not in the file. */
const byFlag =
  ({ rowsOverride, outOverride, canaryOverride }: LoadOptions) =>
  (issue: SpecIssue): SpecIssue => {
    if (rowsOverride !== undefined && issue.path === 'rows.from') {
      return { ...issue, ...NOWHERE, path: '--rows' };
    }
    if (outOverride !== undefined && issue.path.startsWith('results[')) {
      return { ...issue, ...NOWHERE, path: '--out' };
    }
    if (canaryOverride !== undefined && issue.path.startsWith('canary')) {
      return { ...issue, ...NOWHERE, path: '--canary' };
    }
    return issue;
  };

/** Applies command line flags to the file's value before it is checked. */
function override(
  document: SpecDocument,
  { rowsOverride, outOverride, canaryOverride }: LoadOptions,
): { value: Json; issues: SpecIssue[] } {
  const issues: SpecIssue[] = [];
  const flag = (name: string, found: string, allowed: string, why: string | null = null): void => {
    const text = why === null ? foundText(found) : `${foundText(found)}: ${why}`;
    issues.push({ ...NOWHERE, path: name, found: text, allowed, suggestion: null });
  };
  let { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value, issues };
  if (rowsOverride !== undefined) {
    const kept = ['key', 'map', 'keep', 'skipBad', 'duplicates'].flatMap((name) => {
      const before = valueAt(document.value, ['rows', name]);
      return before === undefined ? [] : [[name, before] as const];
    });
    const known = rowsOverride === '-' || rowsFormatOf(rowsOverride) !== null;
    if (!known) flag('--rows', rowsOverride, rowsAllowed(rowsOverride));
    const from = rowsOverride === '-' ? '-' : resolvePlace('.', rowsOverride);
    value = { ...value, rows: { ...Object.fromEntries(kept), from: known ? from : '-' } };
  }
  if (outOverride !== undefined) {
    const unknown = unknownAddress(outOverride);
    const known = unknown === null && resultFormatOf(outOverride) !== null;
    if (!known) flag('--out', outOverride, placeAllowed, unknown);
    value = {
      ...value,
      results: [{ to: known ? resolvePlace('.', outOverride) : 'unknown.jsonl' }],
    };
  }
  if (canaryOverride !== undefined) {
    const pick = valueAt(document.value, ['canary', 'pick']);
    const kept = typeof pick === 'string' ? { pick } : {};
    value = { ...value, canary: { ...kept, rows: canaryOverride } };
  }
  return { value, issues };
}
