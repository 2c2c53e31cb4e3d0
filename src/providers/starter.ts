import type { JsonObject } from '../contract/json.ts';

/** Question of a first pipeline about the rows of a list. */
export interface StarterPlan {
  /** Source column with what is asked about. */
  input: string;
  /** True if its values are companies: names, domains or addresses. */
  companies: boolean;
  /** Columns to ask for, each with a name of its own. */
  columns: readonly StarterColumn[];
}

export interface StarterColumn {
  name: string;
  /** Builds the question. @param subject How the provider's prompts mention the input */
  ask: (subject: string) => string;
  /** Type of the answer. */
  type: 'text' | 'number';
}

/** Table of a first pipeline, and the inputs that the rows fill. */
export interface StarterTable {
  /** `table` of the pipeline file. */
  table: JsonObject;
  /** `rows.map` of the pipeline file. */
  map: Record<string, string>;
}

/** Makes a name unique: `name`, then `name 2`, … in the form of `join`. */
export function uniqueName(
  name: string,
  taken: Set<string>,
  join: (name: string, number: number) => string,
): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number += 1) unique = join(name, number);
  taken.add(unique);
  return unique;
}
