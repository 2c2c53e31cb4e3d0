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

type Fold = (name: string) => string;

/**
 * Returns unique names: `key`, the inputs, other source columns, the answers, and the last ones. On a
 * clash `key` and the last ones keep their names, then answers (`column.x` otherwise). Then inputs
 * (`input.x` otherwise), then the source (`source.x` otherwise).
 *
 * @param last Names at the end
 * @param folded Form of a name in which two that are the same clash. Default: the name itself
 */
export function columnNames(
  { inputs, source = [], columns }: RowNames,
  last: readonly string[] = [STATUS],
  folded: Fold = (name) => name,
): string[] {
  const taken = new Set([KEY, ...last].map(folded));
  const answers = distinct(columns, 'column.', taken, folded);
  const given = distinct(inputs, 'input.', taken, folded);
  const others = distinct(source, 'source.', taken, folded);
  return [KEY, ...given, ...others, ...answers, ...last];
}

/** Keeps unique names, and adds the prefix to others. */
const distinct = (texts: string[], prefix: string, taken: Set<string>, folded: Fold): string[] => {
  const isKept = texts.map((text) => {
    if (taken.has(folded(text))) return false;
    taken.add(folded(text));
    return true;
  });
  return texts.map((text, index) => {
    if (isKept[index] === true) return text;
    let name = prefix + text;
    while (taken.has(folded(name))) name = prefix + name;
    taken.add(folded(name));
    return name;
  });
};
