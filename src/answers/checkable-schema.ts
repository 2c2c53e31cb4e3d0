import type { Json, JsonObject } from '../contract/json.ts';

/** Keywords whose values are schemas by name. */
const BY_NAME: readonly string[] = ['properties', '$defs', 'definitions', 'dependentSchemas'];

/** Keywords whose values are data, not schemas. */
const DATA: readonly string[] = ['enum', 'const', 'default', 'examples', 'required', 'type'];

/**
 * Returns the schema without patterns and formats. A pattern of a pipeline file could stop the worker
 * for minutes, and providers do not promise formats.
 */
export function checkable(schema: JsonObject): JsonObject {
  const { pattern: _pattern, format: _format, patternProperties, ...rest } = schema;
  if (patternProperties !== undefined) delete rest['additionalProperties'];
  return mapped(asObject(rest), (value, keyword) => {
    if (DATA.includes(keyword)) return value;
    return BY_NAME.includes(keyword) ? mapped(objectOr(value), within) : within(value);
  });
}

/** Writes out what the validator does not infer: the type of an object, and its required fields. */
function asObject(schema: JsonObject): JsonObject {
  const { type, properties, required } = schema;
  if (type !== undefined && type !== 'object') return schema;
  if (properties === undefined && required === undefined) return schema;
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  const fields = Object.fromEntries(names.map((name) => [name, {}]));
  return { ...schema, type: 'object', properties: { ...fields, ...objectOr(properties ?? {}) } };
}

const within = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(within);
  return isObject(value) ? checkable(value) : value;
};

const mapped = (fields: JsonObject, to: (value: Json, key: string) => Json): JsonObject =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, to(value, key)]));

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const objectOr = (value: Json): JsonObject => (isObject(value) ? value : {});
