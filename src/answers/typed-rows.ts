import type { TypePolicy } from '../contract/pipeline.ts';
import type { ResultRow, TypedCell, TypedResultRow } from '../contract/results.ts';
import type { Json } from '../contract/json.ts';
import { answerType, type AnswerType } from './answer-type.ts';
import type { AnswerSchemas } from './answer-schemas.ts';

/** Answer of another type than its column. */
export interface InvalidAnswer {
  column: string;
  answer: Json;
  problem: string;
}

/** Result row with typed answers. */
export interface TypedRow {
  row: TypedResultRow;
  invalid: InvalidAnswer[];
}

/** Applies a policy of types to a result row. */
export type RowTyper = (row: ResultRow) => TypedRow;

/**
 * Returns a function that types rows: an answer of another type becomes `invalid`, with `null` as its
 * value.
 */
export function rowTyper(schemas: AnswerSchemas, policy: TypePolicy): RowTyper {
  if (policy === 'off') return (row) => ({ row, invalid: [] });
  const types = Object.entries(schemas).map(([column, schema]): [string, AnswerType] => [
    column,
    answerType(schema),
  ]);
  return (row) => typeRow(row, types, policy === 'coerce');
}

function typeRow(
  row: ResultRow,
  types: readonly [string, AnswerType][],
  coerce: boolean,
): TypedRow {
  const invalid: InvalidAnswer[] = [];
  const changed: [string, TypedCell][] = [];
  for (const [column, type] of types) {
    const cell = Object.hasOwn(row.cells, column) ? row.cells[column] : undefined;
    if (cell?.status !== 'done' || cell.value === null) continue;
    const typed = type.of(cell.value, coerce);
    if ('problem' in typed) {
      invalid.push({ column, answer: cell.value, problem: typed.problem });
      changed.push([column, { ...cell, status: 'invalid', value: null }]);
    } else if (typed.value !== cell.value) {
      changed.push([column, { ...cell, value: typed.value }]);
    }
  }
  if (changed.length === 0) return { row, invalid };
  // Entries keep a column that is called `__proto__`.
  const cells = Object.fromEntries([...Object.entries(row.cells), ...changed]);
  return { row: { ...row, cells, complete: row.complete && invalid.length === 0 }, invalid };
}
