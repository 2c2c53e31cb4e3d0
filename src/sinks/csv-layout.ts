import type { CsvOptions } from '../contract/pipeline.ts';
import type { Json } from '../contract/json.ts';
import type { TypedCell, TypedResultRow } from '../contract/results.ts';
import type { ResultColumns } from './sink.ts';

/** Mapping of result rows to records of a CSV. */
export interface CsvLayout {
  header: string[];
  record(row: TypedResultRow): string[];
}

/** Optional columns beside an answer. */
const DETAILS = {
  explanations: { suffix: '_explanation', of: (cell: TypedCell) => cell.explanation },
  sources: { suffix: '_sources', of: (cell: TypedCell) => cell.sources },
} as const;

export function csvLayout(
  { columns, inputs, source = [] }: ResultColumns,
  options: CsvOptions = {},
): CsvLayout {
  const form = options.formulas === 'verbatim' ? verbatim : csvText;
  // Keys stay verbatim for joins unless the pipeline says otherwise.
  const keyForm = options.formulas === 'quoted' ? csvText : verbatim;
  const details = (['explanations', 'sources'] as const)
    .filter((name) => options[name] === true)
    .map((name) => DETAILS[name]);
  const names = columns.flatMap((key) => [key, ...details.map(({ suffix }) => key + suffix)]);
  const cellsOf = (row: TypedResultRow, key: string): string[] => {
    const cell = cellOf(row, key);
    const beside = details.map(({ of }) => (cell === undefined ? null : (of(cell) ?? null)));
    return [cell?.value ?? null, ...beside].map((value) => csvCell(value, form));
  };
  return {
    header: csvHeader({ inputs, source, columns: names }, form),
    record: (row) => [
      keyForm(row.key),
      ...inputs.map((name) => csvCell(fieldOf(row.input, name), form)),
      ...source.map((name) => csvCell(fieldOf(row.source ?? {}, name), form)),
      ...columns.flatMap((key) => cellsOf(row, key)),
      csvText(statusOf(row, columns)),
    ],
  };
}

/** `hasOwn`, because a column may be called `constructor`. */
const fieldOf = (fields: Record<string, Json>, name: string): Json =>
  Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;

const cellOf = (
  { cells }: { cells: Record<string, TypedCell> },
  key: string,
): TypedCell | undefined => (Object.hasOwn(cells, key) ? cells[key] : undefined);

/** Returns `complete`, or the columns without an answer: `sector=failed;peer=blocked`. */
const statusOf = (row: TypedResultRow, columns: string[]): string => {
  const missing = columns.flatMap((key) => {
    const status = cellOf(row, key)?.status ?? 'pending';
    return status === 'done' || status === 'skipped' ? [] : [`${key}=${status}`];
  });
  if (missing.length > 0) return missing.join(';');
  return row.complete ? 'complete' : 'partial';
};

/** CSV columns with a fixed name, whatever columns the table has. */
const KEY = 'key';
const STATUS = '_status';

export interface HeaderNames {
  inputs: string[];
  /** Other source columns. */
  source?: string[];
  /** Answer columns with their details. */
  columns: string[];
}

/**
 * Returns unique names: `key`, the inputs, other source columns, the answers, `_status`. On a clash
 * `key` and `_status` keep their names, then answers (`column.x` otherwise). Then inputs (`input.x`
 * otherwise), then the source (`source.x` otherwise).
 */
export const csvHeader = (
  { inputs, source = [], columns }: HeaderNames,
  form: TextForm = csvText,
): string[] => {
  const taken = new Set([KEY, STATUS]);
  const columnNames = distinct(columns.map(form), 'column.', taken);
  const inputNames = distinct(inputs.map(form), 'input.', taken);
  const sourceNames = distinct(source.map(form), 'source.', taken);
  return [KEY, ...inputNames, ...sourceNames, ...columnNames, STATUS];
};

/** Keeps unique names, and adds the prefix to others. */
const distinct = (texts: string[], prefix: string, taken: Set<string>): string[] => {
  const isKept = texts.map((text) => {
    if (taken.has(text)) return false;
    taken.add(text);
    return true;
  });
  return texts.map((text, index) => {
    if (isKept[index] === true) return text;
    let name = prefix + text;
    while (taken.has(name)) name = prefix + name;
    taken.add(name);
    return name;
  });
};

/**
 * First characters of a formula in spreadsheets, full-width forms included (OWASP, "CSV
 * Injection").
 */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** A negative number calculates nothing, and must stay a number. */
const NEGATIVE_NUMBER = /^-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Formats text that a spreadsheet shows and never calculates: formulas get a leading apostrophe.
 */
export const csvText = (text: string): string =>
  FORMULA.test(text) && !NEGATIVE_NUMBER.test(text) ? `'${text}` : text;

/** Format of a text in a cell. */
type TextForm = (text: string) => string;

const verbatim: TextForm = (text) => text;

/**
 * Formats a value: strings with formulas disarmed, `null` as empty, lists and objects as compact
 * JSON.
 */
export const csvCell = (value: Json, form: TextForm = csvText): string => {
  if (value === null) return '';
  if (typeof value === 'string') return form(value);
  return JSON.stringify(value);
};
