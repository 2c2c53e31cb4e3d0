import { extname, resolve } from 'node:path';
import type { Json, JsonObject } from '../contract/json.ts';
import { nearest } from '../did-you-mean.ts';
import { clashesOf, SOURCE, writtenFootprint, type Owned } from '../paths/footprint.ts';
import { extensionHint, ROWS_EXTENSIONS, rowsFormatOf } from '../paths/formats.ts';
import { resolvePlace } from '../paths/place.ts';
import {
  isRequested,
  type ColumnProblem,
  type ProviderSpec,
  type TableShape,
} from '../providers/catalog.ts';
import { parseDuration } from '../rules/duration.ts';
import { isTimezone } from '../rules/spend/zoned-day.ts';
import { isS3, readS3Address } from '../s3/address.ts';
import {
  ADDRESSES,
  listOf,
  RESULT_EXTENSIONS,
  resultFormatOf,
  unknownAddress,
} from '../sinks/index.ts';
import { quotedTable } from '../sinks/postgres/names.ts';
import { checkCanary } from './columns/canary.ts';
import { checkChanges } from './columns/changes.ts';
import { checkConditions } from './columns/conditions.ts';
import { checkExpectations } from './columns/expectations.ts';
import { checkTypes } from './columns/types.ts';
import type { SpecDocument } from './document/document.ts';
import { clashFinding, locate, type IssueDraft } from './document/issue-draft.ts';
import { MAX_ISSUES, type Path, type SpecIssue } from './document/issue.ts';
import { foundText, valueAt } from './document/translate.ts';
import { checkWebAddress, isWebAddress } from './fields/rows-from.ts';
import { shortestGapMs, TIMEZONE_ALLOWED } from './fields/schedule.ts';
import { MAX_COLUMNS, MAX_RESULTS } from './file-schema.ts';

/**
 * Checks what the schema cannot. Reads the raw value, so that it works beside schema errors, and
 * ignores values that are invalid themselves.
 */
export function checkFile(
  document: SpecDocument,
  provider: ProviderSpec | null,
  places: { file: string; baseDir: string },
): SpecIssue[] {
  const { value } = document;
  const findings = [
    ...(provider === null ? [] : checkTable(value, provider)),
    ...checkRows(value, provider),
    ...checkRefresh(value, provider),
    ...checkResults(value, places),
    ...checkCanary(value),
    ...(provider === null ? [] : checkNamedColumns(value, provider)),
    ...checkTimes(value),
    ...checkTimezones(value),
    ...checkCeiling(value),
    ...checkScheduleTimes(value),
  ];
  return locate(findings, document);
}

/** Returns the table as far as it can be read. */
export function tableShape(value: Json): TableShape {
  const kind = valueAt(value, ['table', 'kind']);
  const columns = valueAt(value, ['table', 'columns']);
  return {
    ...(typeof kind === 'string' ? { kind } : {}),
    // An invalid entry keeps its place, so that indexes stay right.
    columns: Array.isArray(columns) ? columns.map((column) => mapping(column) ?? {}) : [],
  };
}

function checkTable(value: Json, provider: ProviderSpec): IssueDraft[] {
  const table = tableShape(value);
  // The schema has reported the kind; further findings would only repeat it.
  if (table.kind !== undefined && !provider.kinds.includes(table.kind)) return [];
  if (table.columns.length > MAX_COLUMNS) return [];
  const findings = provider.check(table).slice(0, MAX_ISSUES).map(findingOf);
  const computed = provider.plan(table).filter(isRequested);
  if (table.columns.length > 0 && computed.length === 0) {
    const found = 'only input columns: there is nothing to compute';
    findings.push({ path: ['table', 'columns'], found, allowed: 'at least one other column' });
  }
  return findings;
}

/** Checks the keys that name columns with answers. */
function checkNamedColumns(value: Json, provider: ProviderSpec): IssueDraft[] {
  const table = tableShape(value);
  if (table.columns.length > MAX_COLUMNS) return [];
  const planned = provider.plan(table);
  const columns = planned.filter(isRequested).map(({ key }) => key);
  return [
    ...checkConditions(value, planned),
    ...checkExpectations(value, columns),
    ...checkChanges(value, columns),
    ...checkTypes(value, columns),
  ];
}

export const columnDoubts = (value: Json, provider: ProviderSpec): IssueDraft[] =>
  provider.doubts(tableShape(value)).map(findingOf);

const findingOf = ({
  path,
  found,
  allowed,
  word,
  candidates,
  within,
}: ColumnProblem): IssueDraft => ({
  path: ['table', 'columns', ...path],
  found,
  allowed,
  within,
  suggestion: word === undefined ? null : nearest(word, candidates ?? []),
});

/** Checks for a file: neither standard input nor an address on the web. */
const isPathText = (from: Json | undefined): from is string =>
  typeof from === 'string' && from !== '' && from !== '-' && !isWebAddress(from);

function checkRows(value: Json, provider: ProviderSpec | null): IssueDraft[] {
  const rows = mapping(valueAt(value, ['rows']));
  if (rows === null) return [];
  const { from, inline } = rows;
  const findings = [
    ...checkPath(['rows', 'from'], from),
    ...checkWebAddress(['rows', 'from'], from),
  ];
  if (from === undefined && inline === undefined) {
    findings.push({ path: ['rows'], found: 'no rows named', allowed: '`from` or `inline`' });
  }
  if (from !== undefined && inline !== undefined) {
    const found = 'both `from` and `inline`';
    findings.push({ path: ['rows', 'inline'], found, allowed: 'one of them' });
  }
  if (isPathText(from) && rows['format'] === undefined) {
    if (rowsFormatOf(from) === null) {
      findings.push({ path: ['rows', 'from'], found: foundText(from), allowed: rowsAllowed(from) });
    }
  }
  const map = mapping(rows['map']);
  if (provider === null || map === null) return findings;
  const table = tableShape(value);
  const inputs = provider.inputs(table);
  const known = new Set(inputs);
  const allowed = inputs.length === 0 ? 'it has none' : `input columns: ${inputs.join(', ')}`;
  const unknown = Object.keys(map).filter((key) => !known.has(key));
  for (const key of unknown.slice(0, MAX_ISSUES)) {
    const found = `"${key}" is no input column of the table`;
    const suggestion = nearest(key, inputs);
    findings.push({ path: ['rows', 'map', key], found, allowed, suggestion });
  }
  return findings;
}

/** Checks what a lasting table is asked for again. */
function checkRefresh(value: Json, provider: ProviderSpec | null): IssueDraft[] {
  const keeps = valueAt(value, ['table', 'keep']) === true;
  const findings: IssueDraft[] = [];
  if (keeps && provider?.lasting === null) {
    const found = `a lasting table of ${provider.name}`;
    const allowed = 'false: its API cannot change the inputs of rows';
    return [{ path: ['table', 'keep'], found, allowed }];
  }
  const refresh = mapping(valueAt(value, ['refresh']));
  if (refresh === null) return findings;
  if (!keeps) {
    const found = '`refresh`, and each run has a table of its own';
    findings.push({ path: ['refresh'], found, allowed: '`table.keep: true` beside it' });
  }
  if (refresh['vanished'] === 'drop' && provider?.lasting?.drop === false) {
    const found = `drop, and rows of ${provider.name} cannot be deleted`;
    findings.push({ path: ['refresh', 'vanished'], found, allowed: 'keep or mark' });
  }
  const columns = mapping(refresh['columns']);
  if (provider === null || columns === null) return findings;
  const known = provider
    .plan(tableShape(value))
    .filter(isRequested)
    .map(({ key }) => key);
  const unknown = Object.keys(columns).filter((key) => !known.includes(key));
  for (const key of unknown.slice(0, MAX_ISSUES)) {
    const found = `"${key}" is no computed column of the table`;
    const allowed = `computed columns: ${known.join(', ')}`;
    const suggestion = nearest(key, known);
    findings.push({ path: ['refresh', 'columns', key], found, allowed, suggestion });
  }
  return findings;
}

/**
 * Rejects NUL, which no file system accepts, characters that cannot be typed or seen, and addresses
 * on S3 that name no file.
 */
function checkPath(path: Path, value: Json | undefined): IssueDraft[] {
  if (typeof value !== 'string') return [];
  const found = foundText(value);
  if (/[\p{Cc}\p{Cs}]/u.test(value)) {
    return [{ path, found, allowed: 'a path without control characters' }];
  }
  if (!isS3(value)) return [];
  const place = readS3Address(value);
  if (typeof place !== 'string' && place.key !== '') return [];
  const why = typeof place === 'string' ? place : 'it is a bucket';
  return [{ path, found: `${found}: ${why}`, allowed: 's3://bucket/key' }];
}

export const rowsAllowed = (path: string): string =>
  `${extensionHint(path)}a file that ends in ${ROWS_EXTENSIONS.join(', ')}, or set rows.format`;

/** Description of the allowed targets of results that are no table. */
export const placeAllowed = `a path or ${listOf(ADDRESSES)} that ends in ${listOf(RESULT_EXTENSIONS)}`;

function checkResults(value: Json, places: { file: string; baseDir: string }): IssueDraft[] {
  const results = valueAt(value, ['results']);
  if (!Array.isArray(results)) return [];
  const from = valueAt(value, ['rows', 'from']);
  const owned: Owned[] = [{ path: resolve(places.file), what: 'the pipeline file itself' }];
  if (isPathText(from)) {
    owned.push({ path: resolvePlace(places.baseDir, from), what: SOURCE });
  }
  const targets: { at: number; to: string }[] = [];
  const findings = results.flatMap((result, at): IssueDraft[] => {
    const misplaced = checkOnePlace(mapping(result), at);
    if (misplaced.length > 0) return misplaced;
    const to = mapping(result)?.['to'];
    if (typeof to !== 'string' || to === '') return [];
    const path = ['results', at, 'to'];
    const unusable = checkPath(path, to);
    if (unusable.length > 0) return unusable;
    const unknown = unknownAddress(to);
    if (unknown !== null) {
      return [{ path, found: `${foundText(to)}: ${unknown}`, allowed: placeAllowed }];
    }
    if (resultFormatOf(to) === null) {
      const suggestion = nearest(extname(to), RESULT_EXTENSIONS);
      return [{ path, found: foundText(to), allowed: placeAllowed, suggestion }];
    }
    if (resultFormatOf(to) !== 'csv' && mapping(result)?.['csv'] !== undefined) {
      const found = `options of a CSV for ${foundText(to)}`;
      return [{ path: ['results', at, 'csv'], found, allowed: 'a path that ends in .csv' }];
    }
    targets.push({ at, to });
    return [];
  });
  findings.push(...checkTables(results.slice(0, MAX_RESULTS)));
  // The schema rejects more than these.
  const footprints = targets
    .slice(0, MAX_RESULTS)
    .map(({ to }) => writtenFootprint(resolvePlace(places.baseDir, to)));
  for (const clash of clashesOf(footprints, owned)) {
    const target = targets[clash.at];
    if (target !== undefined) findings.push(clashFinding(target.at, target.to, clash));
  }
  return findings;
}

/** Rejects a table that another entry names: the second one would find its results there. */
function checkTables(results: readonly Json[]): IssueDraft[] {
  const first = new Map<string, number>();
  return results.flatMap((result, at): IssueDraft[] => {
    const path = ['postgres', 'table'];
    const table = valueAt(result, path);
    if (typeof table !== 'string') return [];
    const place = `${foundText(valueAt(result, ['postgres', 'urlEnv']))} ${quotedTable(table)}`;
    const before = first.get(place);
    if (before === undefined) {
      first.set(place, at);
      return [];
    }
    const found = `${foundText(table)}, the table of results[${before}]`;
    return [{ path: ['results', at, ...path], found, allowed: 'another table' }];
  });
}

/** Results are a file or a table, and only a file has options of a CSV. */
function checkOnePlace(result: JsonObject | null, at: number): IssueDraft[] {
  if (result === null) return [];
  const { to, postgres, csv } = result;
  if (to === undefined && postgres === undefined) {
    return [{ path: ['results', at], found: 'no place', allowed: '`to` or `postgres`' }];
  }
  if (postgres === undefined) return [];
  const wrong = to === undefined ? 'csv' : 'to';
  if (to === undefined && csv === undefined) return [];
  const found = `\`${wrong}\` beside \`postgres\``;
  return [{ path: ['results', at, wrong], found, allowed: 'one of them' }];
}

function checkTimes(value: Json): IssueDraft[] {
  const msOf = (key: string, defaultMs: number): number => {
    const text = valueAt(value, ['run', key]);
    return (typeof text === 'string' ? parseDuration(text) : null) ?? defaultMs;
  };
  const text = (key: string): string => foundText(valueAt(value, ['run', key]));
  if (
    msOf('minPollInterval', RUN_DEFAULTS.minPollIntervalMs) <=
    msOf('maxPollInterval', RUN_DEFAULTS.maxPollIntervalMs)
  ) {
    return [];
  }
  const wrong =
    valueAt(value, ['run', 'maxPollInterval']) === undefined
      ? 'minPollInterval'
      : 'maxPollInterval';
  const allowed =
    wrong === 'maxPollInterval'
      ? 'not shorter than minPollInterval'
      : 'not longer than maxPollInterval (120s)';
  return [{ path: ['run', wrong], found: text(wrong), allowed }];
}

/** Checks that a ceiling has a limit that a pass could exceed. */
function checkCeiling(value: Json): IssueDraft[] {
  const path = ['spend', 'onCeiling'];
  const policy = valueAt(value, path);
  if (policy === undefined || valueAt(value, ['spend', 'maxCredits']) !== undefined) return [];
  const found = `${foundText(policy)} without a ceiling`;
  return [{ path, found, allowed: 'spend.maxCredits beside it' }];
}

const checkTimezones = (value: Json): IssueDraft[] => [
  ...checkTimezone(value, ['schedule', 'timezone']),
  ...checkTimezone(value, ['spend', 'perDay', 'timezone']),
];

function checkTimezone(value: Json, path: string[]): IssueDraft[] {
  const zone = valueAt(value, path);
  if (typeof zone !== 'string' || isTimezone(zone)) return [];
  const suggestion = nearest(zone, Intl.supportedValuesOf('timeZone'));
  return [{ path, found: foundText(zone), allowed: TIMEZONE_ALLOWED, suggestion }];
}

/** Minimum catch-up: seconds would miss runs that a restart delays. */
const MIN_CATCH_UP_MS = 60_000;
/** Maximum jitter: more would move a night run into the day. */
const MAX_JITTER_MS = 6 * 3_600_000;

function checkScheduleTimes(value: Json): IssueDraft[] {
  const find = (key: string, allowed: string, fits: (ms: number) => boolean): IssueDraft[] => {
    const path = ['schedule', key];
    const text = valueAt(value, path);
    const ms = typeof text === 'string' ? parseDuration(text) : null;
    return ms === null || fits(ms) ? [] : [{ path, found: foundText(text), allowed }];
  };
  const at = valueAt(value, ['schedule', 'at']);
  const apartMs = shortestGapMs(Array.isArray(at) ? at : []);
  return [
    ...find('catchUp', 'at least 1m', (ms) => ms >= MIN_CATCH_UP_MS),
    ...find('jitter', 'at most 6h', (ms) => ms <= MAX_JITTER_MS),
    // A run must not start after the next one is due.
    ...find('jitter', 'shorter than the time between two runs', (ms) => ms < apartMs),
  ];
}

export const RUN_DEFAULTS = {
  mode: 'new',
  failedPasses: 2,
  tolerateFailed: 0,
  deadlineMs: 24 * 3_600_000,
  stallAfterMs: 30 * 60_000,
  minPollIntervalMs: 2_000,
  maxPollIntervalMs: 120_000,
} as const;

const mapping = (value: Json | undefined): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
