import { csvText, type TextForm } from './csv-cell.ts';

/** Names of the CSV columns that are promised whatever the table holds. */
const KEY = 'key';
const STATUS = '_status';

export interface HeaderNames {
  inputs: string[];
  /** Other columns of the source. */
  source?: string[];
  /** Answers, with what stands beside them. */
  columns: string[];
}

/**
 * `key`, the inputs, other columns of the source, the answers, `_status`: each name once. Of equal names
 * `key` and `_status` keep theirs, then answers (`column.x` otherwise), then inputs (`input.x`
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

/** Names that are free stay as they are, wherever they stand; the others get the prefix. */
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
