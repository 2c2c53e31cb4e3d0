import type { JsonObject } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { objectOf, textOf } from '../fields.ts';

const TEXT: JsonObject = { type: 'string' };
const NUMBER: JsonObject = { type: 'number' };

/** Formats whose answers have one type. What a `grade` looks like is not documented. */
const BY_FORMAT: ReadonlyMap<string, JsonObject> = new Map([
  ['text', TEXT],
  ['url', TEXT],
  ['email', TEXT],
  ['phone', TEXT],
  ['date', TEXT],
  ['number', NUMBER],
  ['numeric', NUMBER],
  ['money', NUMBER],
  ['people', { type: 'array' }],
]);

/** Derives the type of an agent's answer from its output format, labels and schema. */
export function answerSchema(config: ColumnConfig): JsonObject | null {
  if (config['kind'] !== 'agent') return null;
  const value = objectOf(config['value']);
  const format = textOf(value['output_format']) || 'text';
  const labels = value['labels'];
  const one: JsonObject = Array.isArray(labels) ? { type: 'string', enum: labels } : TEXT;
  switch (format) {
    case 'label':
    case 'select':
      return one;
    case 'multiselect':
      return { type: 'array', items: one };
    case 'json':
      return objectOf(value['output_schema']);
    default:
      return BY_FORMAT.get(format) ?? null;
  }
}
