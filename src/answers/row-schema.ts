import type { JsonObject } from '../contract/json.ts';
import { CELL_STATUSES } from '../contract/results.ts';
import type { AnswerSchemas } from './answer-schemas.ts';

/** Names of the columns of result rows. */
export interface RowNames {
  pipeline: string;
  inputs: readonly string[];
  columns: readonly string[];
}

const ANY_VALUES: JsonObject = { type: 'object' };

/** Builds the JSON Schema (2020-12) of a pipeline's result rows, with their answers typed. */
export function rowSchema(
  { pipeline, inputs, columns }: RowNames,
  answers: AnswerSchemas,
): JsonObject {
  const byColumn = columns.map((column) => [column, cellSchema(answers[column] ?? {})] as const);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Result row of ${pipeline}`,
    type: 'object',
    properties: {
      key: { type: 'string' },
      rowId: { type: 'string' },
      input: {
        type: 'object',
        properties: Object.fromEntries(inputs.map((name) => [name, {}])),
        required: [...inputs],
      },
      source: ANY_VALUES,
      cells: { type: 'object', properties: Object.fromEntries(byColumn), required: [...columns] },
      complete: { type: 'boolean' },
      vanished: { const: true },
    },
    required: ['key', 'rowId', 'input', 'cells', 'complete'],
  };
}

const cellSchema = (answer: JsonObject): JsonObject => ({
  type: 'object',
  properties: {
    status: { enum: [...CELL_STATUSES] },
    value: { anyOf: [answer, { type: 'null' }] },
    explanation: { type: 'string' },
    sources: { type: 'array' },
    updatedAt: { type: 'string' },
    usage: ANY_VALUES,
  },
  required: ['status', 'value'],
});
