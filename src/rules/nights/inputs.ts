import type { Json } from '../../contract/json.ts';

/** Inputs of a row: table input column → value. */
export type Inputs = Readonly<Record<string, Json>>;

/**
 * Returns the text of an input by which two values are compared. A provider may show a number as text,
 * or the fields of an object in another order. It may show an absent value as null or as an empty text.
 */
export function inputText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const fields = Object.entries(value).map(([name, field]) => [name, sorted(field)] as const);
  return Object.fromEntries(fields.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const valueIn = (inputs: Inputs, column: string): Json | undefined =>
  Object.hasOwn(inputs, column) ? inputs[column] : undefined;

/** Returns the input columns whose values differ, sorted. */
export function changedInputs(before: Inputs, after: Inputs): string[] {
  const columns = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...columns]
    .filter((column) => inputText(valueIn(before, column)) !== inputText(valueIn(after, column)))
    .sort();
}

/** Returns one text for all inputs of a row: equal if and only if `changedInputs` finds none. */
export function inputsText(inputs: Inputs): string {
  const texts = Object.entries(inputs)
    .map(([column, value]) => [column, inputText(value)] as const)
    .filter(([, text]) => text !== '');
  return JSON.stringify(texts.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Column of a plan, as far as inputs reach it. */
export interface ReadingColumn {
  key: string;
  input: boolean;
  /** Columns that must be done on the same row before this one starts. */
  dependsOn: readonly string[];
  /** Input columns that it reads by itself. Left out: not known, so all. */
  reads?: readonly string[];
}

/**
 * Returns the computed columns whose cells follow from one of these inputs, directly or through
 * other columns.
 */
export function columnsReading(
  columns: readonly ReadingColumn[],
  inputs: ReadonlySet<string>,
): ReadonlySet<string> {
  if (inputs.size === 0) return new Set();
  const computed = columns.filter(({ input }) => !input);
  const reading = new Set(
    computed
      .filter(
        ({ reads, dependsOn }) =>
          reads === undefined || [...reads, ...dependsOn].some((key) => inputs.has(key)),
      )
      .map(({ key }) => key),
  );
  for (let before = -1; before !== reading.size;) {
    before = reading.size;
    for (const { key, dependsOn } of computed) {
      if (dependsOn.some((each) => reading.has(each))) reading.add(key);
    }
  }
  return reading;
}
