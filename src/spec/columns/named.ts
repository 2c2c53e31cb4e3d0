import type { Json, JsonObject } from '../../contract/json.ts';
import { nearest } from '../../did-you-mean.ts';
import type { IssueDraft } from '../document/issue-draft.ts';
import { MAX_ISSUES, type Path } from '../document/issue.ts';

/** A column that a key of the pipeline file names. */
export interface NamedColumn {
  path: Path;
  name: string;
}

/** Finds names that are no column with answers. */
export const unknownColumns = (
  named: readonly NamedColumn[],
  known: readonly string[],
  what = 'column that is computed',
): IssueDraft[] =>
  named
    .filter(({ name }) => !known.includes(name))
    .slice(0, MAX_ISSUES)
    .map(({ path, name }) => ({
      path,
      found: `"${name}" is no ${what}`,
      allowed: known.length === 0 ? 'the table has none' : `columns: ${known.join(', ')}`,
      suggestion: nearest(name, known),
    }));

/** Names of a list, as far as it is one. */
export const namesInList = (value: Json | undefined, path: Path): NamedColumn[] =>
  Array.isArray(value)
    ? value.flatMap((name, at) => (typeof name === 'string' ? [{ path: [...path, at], name }] : []))
    : [];

/** Keys of a mapping, as far as it is one. */
export const namesInMapping = (value: Json | undefined, path: Path): NamedColumn[] =>
  Object.keys(mappingOf(value)).map((name) => ({ path: [...path, name], name }));

export const mappingOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
