import { csvText } from './csv-cell.ts';

/** Names of the CSV columns that are promised whatever the table holds. */
const KEY = 'key';
const STATUS = '_status';

/**
 * `key`, the inputs, the columns, `_status`: each name once. Of equal names `key` and `_status`
 * keep theirs, then columns (`column.x` otherwise), then inputs (`input.x` otherwise).
 */
export const csvHeader = (inputs: string[], columns: string[]): string[] => {
  const taken = new Set([KEY, STATUS]);
  const columnNames = distinct(columns, 'column.', taken);
  const inputNames = distinct(inputs, 'input.', taken);
  return [KEY, ...inputNames, ...columnNames, STATUS];
};

/** Names that are free stay as they are, wherever they stand; the others get the prefix. */
const distinct = (names: string[], prefix: string, taken: Set<string>): string[] => {
  const texts = names.map(csvText);
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
