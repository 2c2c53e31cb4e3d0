import type { Json, JsonObject } from '../contract/json.ts';
import { sanitizeJson } from '../contract/control-characters.ts';
import type { AnswerSchemas } from './answer-schemas.ts';

/**
 * Prints the TypeScript type of a pipeline's answers by column, for `run.results<…>()`, and of its
 * rows.
 */
export function rowTypeScript(
  pipeline: string,
  columns: readonly string[],
  answers: AnswerSchemas,
): string {
  const name = pascalCase(pipeline);
  const fields = columns.map(
    (column) => `  ${nameOf(column)}: ${typeOf(answers[column] ?? {}, 1)};`,
  );
  return [
    `import type { TypedResultRow } from 'rowmill';`,
    '',
    `/** Answers of ${pipeline} by column. */`,
    `export interface ${name}Answers {`,
    ...fields,
    '}',
    '',
    `export type ${name}Row = TypedResultRow<${name}Answers>;`,
  ].join('\n');
}

/** `sp500-profile` → `Sp500Profile`; a name may not begin with a digit. */
function pascalCase(name: string): string {
  const words = name.split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return words.join('').replace(/^\d/, '_$&');
}

const nameOf = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : sanitizeJson(key));

/** Objects nested deeper are printed as any object. */
const MAX_DEPTH = 20;

function typeOf(schema: JsonObject, depth: number): string {
  const { type = null, anyOf, oneOf } = schema;
  const literals = 'const' in schema ? [schema['const'] ?? null] : schema['enum'];
  if (Array.isArray(literals)) return unionOf(literals.map(literalOf));
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return unionOf(choices.map((one) => typeOf(objectOf(one), depth)));
  if (Array.isArray(type)) {
    return unionOf(type.map((one) => typeOf({ ...schema, type: one }, depth)));
  }
  switch (type ?? ('properties' in schema ? 'object' : null)) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `${grouped(typeOf(objectOf(schema['items'] ?? {}), depth))}[]`;
    case 'object':
      return objectType(schema, depth);
    default:
      return 'unknown';
  }
}

const literalOf = (value: Json): string =>
  typeof value === 'object' && value !== null ? 'unknown' : sanitizeJson(value);

const unionOf = (types: readonly string[]): string =>
  types.length === 0 ? 'unknown' : [...new Set(types)].join(' | ');

const grouped = (type: string): string => (type.includes(' | ') ? `(${type})` : type);

function objectType({ properties, required }: JsonObject, depth: number): string {
  const fields = Object.entries(objectOf(properties ?? {}));
  if (fields.length === 0 || depth > MAX_DEPTH) return 'Record<string, unknown>';
  const needed = Array.isArray(required) ? required : [];
  const indent = '  '.repeat(depth + 1);
  const lines = fields.map(([key, one]) => {
    const mark = needed.includes(key) ? '' : '?';
    return `${indent}${nameOf(key)}${mark}: ${typeOf(objectOf(one), depth + 1)};`;
  });
  return ['{', ...lines, `${'  '.repeat(depth)}}`].join('\n');
}

const objectOf = (value: Json): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
