import type { Json, JsonObject } from '../contract/json.ts';
import type { Pipeline, RefreshPolicy, ResultTarget, RowsSource } from '../contract/pipeline.ts';
import type { EnrichTableInput } from '../contract/run.ts';
import { isPlace } from '../paths/place.ts';
import type { ProviderSpec } from '../providers/catalog.ts';
import { resultFormatOf } from '../sinks/index.ts';
import { checkFile } from './check-file.ts';
import type { SpecDocument } from './document/document.ts';
import { locate, type IssueDraft } from './document/issue-draft.ts';
import { SpecError, type SpecIssue } from './document/issue.ts';
import { refuseSecretValues, tokenValues } from './document/secrets.ts';
import { allowedText, foundText, translate } from './document/translate.ts';
import { pipelineFile } from './file-schema.ts';
import { workflowInputFor } from './workflow-input.ts';

/** Name of the workflow's argument in messages. */
const INPUT = 'the workflow input';

const REMEDY =
  'Send what `rowmill check FILE --json` prints under workflowInput; see schema/workflow-input.schema.json.';

/** Providers that a worker has. */
export interface KnownProviders {
  readonly names: readonly string[];
  spec(name: string): ProviderSpec;
}

/**
 * Validates the argument of the workflow from any client: its shape, and then everything that a
 * pipeline file is checked for. Touches no file.
 * @throws SpecError `spec_invalid` with every mistake, `spec_has_secret`
 */
export function checkInput(given: unknown, providers: KnownProviders): EnrichTableInput {
  const shape = workflowInputFor(providers.names).safeParse(given, { error: allowedText });
  // Safe cast: a JSON parser produced it.
  if (!shape.success) refuse(translate(shape.error.issues, plainDocument(given as Json)));
  // The raw value: the parser leaves out keys like `__proto__`.
  const input = given as EnrichTableInput;
  const { pipeline } = input;
  const provider = providers.spec(pipeline.provider);
  const file = plainDocument(fileOf(pipeline));
  const parsed = pipelineFile(provider).safeParse(file.value, { error: allowedText });
  const own = locate([...checkPlaces(pipeline), ...checkOrigin(input)], file);
  const issues = [
    ...(parsed.success ? [] : translate(parsed.error.issues, file)),
    ...checkFile(file, provider, { file: '', baseDir: '/' }),
  ].map((issue) => ({ ...issue, path: inputPath(issue.path) }));
  if (issues.length > 0 || own.length > 0) refuse([...own, ...issues]);
  refuseSecretValues(plainDocument(withoutRows(pipeline)), INPUT, tokenValues(process.env));
  return input;
}

function refuse(issues: readonly SpecIssue[]): never {
  throw new SpecError(INPUT, issues, 'spec_invalid', REMEDY);
}

const NOWHERE = { line: null, column: null } as const;

/** Wraps a value that was not read from a text. */
const plainDocument = (value: Json): SpecDocument => ({
  value,
  issues: [],
  locationOf: () => NOWHERE,
  locationOfKey: () => NOWHERE,
});

/** Converts the pipeline to the form of a file, so that one set of checks serves both. */
function fileOf({
  table,
  rows,
  run,
  results,
  tables = [],
  refresh,
  ...rest
}: Pipeline): JsonObject {
  const { settings, tags, ...fields } = table;
  const { source, ...ofRows } = rows;
  const { deadlineMs, stallAfterMs, minPollIntervalMs, maxPollIntervalMs, ...ofRun } = run;
  const file = {
    ...rest,
    // Empty tags are left out, because not every provider has tags.
    table: { ...settings, ...fields, ...(tags.length === 0 ? {} : { tags }) },
    rows: { ...ofRows, ...fromOf(source) },
    run: {
      ...ofRun,
      deadline: `${deadlineMs}ms`,
      stallAfter: `${stallAfterMs}ms`,
      minPollInterval: `${minPollIntervalMs}ms`,
      maxPollInterval: `${maxPollIntervalMs}ms`,
    },
    ...(refresh === undefined ? {} : { refresh: refreshInFile(refresh) }),
    results: [...results.map(({ format: _format, ...target }) => target), ...tables],
  };
  // Safe cast: a pipeline is JSON, and undefined fields are left out.
  return file as unknown as JsonObject;
}

const refreshInFile = ({ columns, ...refresh }: RefreshPolicy) => ({
  ...refresh,
  columns: Object.fromEntries(Object.entries(columns).map(([key, ms]) => [key, `${ms}ms`])),
});

function fromOf(source: RowsSource): JsonObject {
  if (source.type === 'inline') return { inline: source.rows };
  if (source.type === 'postgres') {
    const { urlEnv, query } = source;
    return { from: { postgres: { urlEnv, query } } };
  }
  const { format } = source;
  return {
    from: source.type === 'file' ? source.path : source.type === 'url' ? source.url : '-',
    ...(format === undefined ? {} : { format }),
  };
}

/** Converts a path in a file to the path in the workflow input. */
const inputPath = (path: string): string =>
  `pipeline.${path
    .replace(/^rows\.(from|inline|format)/, 'rows.source')
    .replace(/^run\.(deadline|stallAfter|minPollInterval|maxPollInterval)$/, 'run.$1Ms')}`;

/** Fields of a table that are not settings. */
const COMMON = ['kind', 'description', 'tags', 'columns'];

/** Checks what a file cannot have wrong, such as relative paths. */
function checkPlaces({ table, rows, results }: Pipeline): IssueDraft[] {
  const { source } = rows;
  const findings = results.flatMap((target, at) =>
    checkTarget(target, ['pipeline', 'results', at]),
  );
  for (const name of Object.keys(table.settings ?? {}).filter((each) => COMMON.includes(each))) {
    const path = ['pipeline', 'table', 'settings', name];
    findings.push({ path, found: 'no setting', allowed: `table.${name}` });
  }
  if (source.type === 'file' && !isPlace(source.path)) {
    findings.push(relative(['pipeline', 'rows', 'source', 'path'], source.path));
  }
  return findings;
}

function checkTarget({ to, format }: ResultTarget, path: (string | number)[]): IssueDraft[] {
  const findings = isPlace(to) ? [] : [relative([...path, 'to'], to)];
  const byExtension = resultFormatOf(to);
  if (byExtension !== null && byExtension !== format) {
    const found = foundText(format);
    findings.push({ path: [...path, 'format'], found, allowed: `${byExtension}, as ${to} ends` });
  }
  return findings;
}

const relative = (path: (string | number)[], found: string): IssueDraft => ({
  path,
  found: foundText(found),
  allowed: 'an absolute path',
});

/** Rejects options that do not fit the run, and standard input: a worker's belongs to no run. */
function checkOrigin({ pipeline, snapshot, previousRun, night }: EnrichTableInput): IssueDraft[] {
  if (night !== undefined && (pipeline.table.keep !== true || previousRun !== undefined)) {
    const found = 'options of a run on a lasting table';
    const allowed = 'none without `table.keep`, or with a previous run';
    return [{ path: ['night'], found, allowed }];
  }
  const frozen = snapshot !== undefined || previousRun !== undefined;
  if (pipeline.rows.source.type !== 'stdin' || frozen) return [];
  const found = 'rows from standard input, and no snapshot of them';
  const allowed = 'a file, inline rows, or a snapshot that a client took';
  return [{ path: ['pipeline', 'rows', 'source'], found, allowed }];
}

/** Removes the rows, which are checked one by one when they are read. */
function withoutRows({ rows, ...pipeline }: Pipeline): Json {
  const { source, ...ofRows } = rows;
  const places = source.type === 'inline' ? {} : source;
  // Safe cast: a pipeline is JSON, and undefined fields are left out.
  return { ...pipeline, rows: { ...ofRows, source: places } } as unknown as Json;
}
