import { z } from 'zod';
import type { Json, JsonObject } from '../contract/json.ts';
import { checkable } from './checkable-schema.ts';
import { coerced } from './coerce.ts';

/** Verdict on an answer: its value in the type, or why it has another type. */
export type TypedAnswer = { value: Json } | { problem: string };

/** Type of the answers of a column. */
export interface AnswerType {
  /**
   * Checks an answer.
   *
   * @param coerce Converts an unambiguous form of the type first.
   */
  of(answer: Json, coerce: boolean): TypedAnswer;
}

/** Compiles the JSON Schema of a column's answers. */
export function answerType(schema: JsonObject): AnswerType {
  const validators = validatorsOf(schema);
  const isPlain = plainCheck(schema);
  const fits = (answer: Json): boolean =>
    isPlain(answer) || validators.every((validator) => validator.safeParse(answer).success);
  return {
    of: (answer, coerce) => {
      if (fits(answer)) return { value: answer };
      const value = coerce ? coerced(answer, schema) : undefined;
      if (value !== undefined && fits(value)) return { value };
      return { problem: problemOf(validators, answer) };
    },
  };
}

/** Keywords that do not narrow a type. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['type', 'enum', 'title', 'description']);

/**
 * Returns a check that accepts most answers of common schemas. The validator, which builds objects for
 * each answer, decides about the others.
 */
function plainCheck(schema: JsonObject): (answer: Json) => boolean {
  const { type = null, enum: labels = null } = schema;
  if (!Object.keys(schema).every((keyword) => ANNOTATIONS.has(keyword))) return () => false;
  if (labels !== null) {
    const texts = Array.isArray(labels) ? labels.filter((one) => typeof one === 'string') : [];
    return type === null || type === 'string'
      ? (answer) => typeof answer === 'string' && texts.includes(answer)
      : () => false;
  }
  switch (type) {
    case 'string':
    case 'boolean':
      return (answer) => typeof answer === type;
    case 'number':
      return (answer) => Number.isFinite(answer);
    case 'integer':
      return (answer) => Number.isSafeInteger(answer);
    default:
      return () => false;
  }
}

/**
 * Validators of a schema: all of its keywords, as far as they are supported, and the type that it
 * names. The column of a typed table has that type, whatever values `enum` or `$ref` allow beside it.
 */
function validatorsOf(schema: JsonObject): z.ZodType[] {
  const { type = null } = schema;
  return [checkable(schema), { type }].flatMap((one) => {
    try {
      // Safe cast: whatever is no JSON Schema throws.
      return [z.fromJSONSchema(one)];
    } catch {
      // A keyword or a reference that the library does not know.
      return [];
    }
  });
}

/** Maximum length of a problem: a path may name long fields of the answer. */
const MAX_PROBLEM_CHARS = 300;

function problemOf(validators: readonly z.ZodType[], answer: Json): string {
  const [issue] = validators.flatMap((one) => one.safeParse(answer).error?.issues ?? []);
  const at = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  return `${issue?.message ?? 'invalid'}${at}`.slice(0, MAX_PROBLEM_CHARS);
}
