import type { CsvOptions } from '../contract/pipeline.ts';
import type { Json } from '../contract/json.ts';
import type { ResultCell, ResultRow } from '../contract/results.ts';
import { csvCell, csvText, verbatim } from './csv-cell.ts';
import { csvHeader } from './csv-header.ts';
import type { ResultColumns } from './sink.ts';

/** How result rows become records of a CSV. */
export interface CsvLayout {
  header: string[];
  record(row: ResultRow): string[];
}

/** Columns beside an answer, on request. */
const DETAILS = {
  explanations: { suffix: '_explanation', of: (cell: ResultCell) => cell.explanation },
  sources: { suffix: '_sources', of: (cell: ResultCell) => cell.sources },
} as const;

export function csvLayout(
  { columns, inputs, source = [] }: ResultColumns,
  options: CsvOptions = {},
): CsvLayout {
  const form = options.formulas === 'verbatim' ? verbatim : csvText;
  // Joins go by the key: it is the source's own, and stays as it is unless the pipeline says otherwise.
  const keyForm = options.formulas === 'quoted' ? csvText : verbatim;
  const details = (['explanations', 'sources'] as const)
    .filter((name) => options[name] === true)
    .map((name) => DETAILS[name]);
  const names = columns.flatMap((key) => [key, ...details.map(({ suffix }) => key + suffix)]);
  const cellsOf = (row: ResultRow, key: string): string[] => {
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

/** `hasOwn`: a column may be called `constructor`. */
const fieldOf = (fields: Record<string, Json>, name: string): Json =>
  Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;

const cellOf = (row: ResultRow, key: string): ResultCell | undefined =>
  Object.hasOwn(row.cells, key) ? row.cells[key] : undefined;

/** `complete`, or the columns without an answer: `sector=failed;peer=blocked`. */
const statusOf = (row: ResultRow, columns: string[]): string => {
  const missing = columns.flatMap((key) => {
    const status = cellOf(row, key)?.status ?? 'pending';
    return status === 'done' ? [] : [`${key}=${status}`];
  });
  if (missing.length > 0) return missing.join(';');
  return row.complete ? 'complete' : 'partial';
};
