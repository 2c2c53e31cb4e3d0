import { byName } from '../contract/by-name.ts';
import type { JsonObject } from '../contract/json.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { isRequested, type ProviderSpec } from '../providers/catalog.ts';

/** JSON Schema of the answers of each column. A column without one takes any answer. */
export type AnswerSchemas = Readonly<Record<string, JsonObject>>;

/**
 * Derives the types of answers from a pipeline: `types` of its file, else what the config of a
 * column says.
 */
export function answerSchemas(
  spec: ProviderSpec,
  { table, types = {} }: Pick<Pipeline, 'table' | 'types'>,
): AnswerSchemas {
  const schemas = byName<JsonObject>();
  for (const { key, answers } of spec.plan(table).filter(isRequested)) {
    const type = Object.hasOwn(types, key) ? types[key] : undefined;
    const schema = type === undefined ? answers : { type };
    if (schema !== undefined) schemas[key] = schema;
  }
  return schemas;
}

/** Columns of a pipeline's results, as far as its file says them. */
export const pipelineColumns = (
  spec: ProviderSpec,
  pipeline: Pick<Pipeline, 'table' | 'types'>,
) => ({
  columns: spec
    .plan(pipeline.table)
    .filter(isRequested)
    .map(({ key }) => key),
  inputs: spec.inputs(pipeline.table),
  answers: answerSchemas(spec, pipeline),
});

/** Describes a type in messages: `number`, `one of 3`; `null` if the schema names none. */
export function schemaName({ type = null, enum: labels }: JsonObject): string | null {
  if (Array.isArray(labels)) return `one of ${labels.length}`;
  const names = [type].flat().filter((one) => typeof one === 'string');
  return names.length === 0 ? null : names.join(' or ');
}
