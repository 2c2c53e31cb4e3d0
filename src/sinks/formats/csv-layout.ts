import type { CsvOptions } from '../../contract/pipeline.ts';
import type { Json } from '../../contract/json.ts';
import type { TypedCell, TypedResultRow } from '../../contract/results.ts';
import { columnNames, type RowNames } from '../port/column-names.ts';
import { cellOf, fieldOf, statusOf } from '../port/row-fields.ts';
import type { ResultColumns } from '../port/sink.ts';

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

/** Names of the CSV columns. `form` is that of texts in cells. */
export const csvHeader = (names: RowNames, form: TextForm = csvText): string[] =>
  columnNames({
    inputs: names.inputs.map(form),
    source: (names.source ?? []).map(form),
    columns: names.columns.map(form),
  });

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
