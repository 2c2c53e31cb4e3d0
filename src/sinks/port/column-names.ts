/** Columns of result rows in a flat form, whatever columns the table has. */
export const KEY = 'key';
export const STATUS = '_status';

export interface RowNames {
  inputs: string[];
  /** Other source columns. */
  source?: string[];
  /** Answer columns with their details. */
  columns: string[];
}

/**
 * Returns unique names: `key`, the inputs, other source columns, the answers, and the last ones. On a
 * clash `key` and the last ones keep their names, then answers (`column.x` otherwise). Then inputs
 * (`input.x` otherwise), then the source (`source.x` otherwise).
 */
export function columnNames(
  { inputs, source = [], columns }: RowNames,
  last: readonly string[] = [STATUS],
): string[] {
  const taken = new Set([KEY, ...last]);
  const answers = distinct(columns, 'column.', taken);
  const given = distinct(inputs, 'input.', taken);
  const others = distinct(source, 'source.', taken);
  return [KEY, ...given, ...others, ...answers, ...last];
}

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
