import { oneTypeOf } from '../../answers/coerce.ts';
import type { Json, JsonObject } from '../../contract/json.ts';
import type { TypePolicy } from '../../contract/pipeline.ts';
import type { TypedResultRow } from '../../contract/results.ts';
import { columnNames, STATUS } from '../port/column-names.ts';
import { cellOf, fieldOf, statusOf } from '../port/row-fields.ts';
import type { ResultColumns } from '../port/sink.ts';

/** Kinds of values in a column of a typed table. `texts` is a list of texts. */
export type FlatType = 'text' | 'number' | 'integer' | 'boolean' | 'json' | 'texts';

/** Column of a typed table, and its value in a row. */
export interface FlatColumn {
  name: string;
  type: FlatType;
  /** True for answers, which may be missing. */
  isAnswer?: true;
  readonly of: (row: TypedResultRow) => Json;
}

const SOURCES = '_sources';

/**
 * Lays result rows out as a typed table: `key`, the inputs, other source columns, the answers,
 * `_status`, `_sources`. Answers have the types of their columns; without types they are text.
 *
 * @param folded As of `columnNames`
 */
export function flatColumns(
  { columns, inputs, source = [], answers = {} }: ResultColumns,
  policy: TypePolicy,
  folded?: (name: string) => string,
): FlatColumn[] {
  const typeOf = (key: string): FlatType =>
    policy === 'off' || !Object.hasOwn(answers, key) ? 'text' : flatType(answers[key] ?? {});
  const values: Omit<FlatColumn, 'name'>[] = [
    { type: 'text', of: ({ key }) => key },
    ...inputs.map((name) => text(({ input }) => fieldOf(input, name))),
    ...source.map((name) => text((row) => fieldOf(row.source ?? {}, name))),
    ...columns.map((key) => ({ ...answer(key, typeOf(key)), isAnswer: true as const })),
    { type: 'text', of: (row) => statusOf(row, columns) },
    { type: 'texts', of: (row) => sourcesOf(row, columns) },
  ];
  const names = columnNames({ inputs, source, columns }, [STATUS, SOURCES], folded);
  return values.map((value, at) => ({ name: names[at] ?? '', ...value }));
}

const text = (of: (row: TypedResultRow) => Json): Omit<FlatColumn, 'name'> => ({
  type: 'text',
  of: (row) => textOf(of(row)),
});

function answer(key: string, type: FlatType): Omit<FlatColumn, 'name'> {
  const of = (row: TypedResultRow): Json => cellOf(row, key)?.value ?? null;
  return type === 'text' ? text(of) : { type, of };
}

function flatType(schema: JsonObject): FlatType {
  const { enum: labels = null } = schema;
  const only = oneTypeOf(schema);
  switch (only) {
    case 'number':
    case 'integer':
    case 'boolean':
      return only;
    case 'array':
    case 'object':
      return 'json';
    case 'string':
      return 'text';
    default:
      return Array.isArray(labels) && labels.every((one) => typeof one === 'string')
        ? 'text'
        : 'json';
  }
}

/** A text as it is, any other value as JSON. */
const textOf = (value: Json): string | null =>
  value === null || typeof value === 'string' ? value : JSON.stringify(value);

/** Sources of all answers of a row, each once. */
function sourcesOf(row: TypedResultRow, columns: readonly string[]): string[] {
  const found: string[] = [];
  for (const key of columns) {
    for (const source of cellOf(row, key)?.sources ?? []) {
      const name = textOf(source);
      if (name !== null && !found.includes(name)) found.push(name);
    }
  }
  return found;
}
