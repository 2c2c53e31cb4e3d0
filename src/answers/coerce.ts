import type { Json, JsonObject } from '../contract/json.ts';
import { parseJson } from '../contract/parse-json.ts';

/** Number as JSON writes it, with a plus sign or zeros before it. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Number in groups of thousands. `1,234` alone may be a decimal number elsewhere, so it takes two
 * groups, or a decimal point.
 */
const GROUPED = /^[+-]?\d{1,3}(?:(?:,\d{3}){2,}(?:\.\d+)?|,\d{3}\.\d+)$/;

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
]);

/** Converts an unambiguous form of the schema's type; `undefined` for any other answer. */
export function coerced(answer: Json, schema: JsonObject): Json | undefined {
  const labels = schema['enum'];
  if (Array.isArray(labels)) return labelOf(answer, labels);
  switch (oneTypeOf(schema)) {
    case 'number':
    case 'integer':
      return numberOf(answer);
    case 'boolean':
      return typeof answer === 'string' ? BOOLEANS.get(answer.trim().toLowerCase()) : undefined;
    case 'string':
      return typeof answer === 'number' || typeof answer === 'boolean' ? String(answer) : undefined;
    case 'array':
    case 'object':
      return parsed(answer);
    default:
      return undefined;
  }
}

/** Returns the type of answers that are not `null`; `undefined` if there may be several. */
export function oneTypeOf({ type = null }: JsonObject): Json | undefined {
  const types = [type].flat().filter((one) => one !== 'null');
  return types.length === 1 ? types[0] : undefined;
}

/** Finds the one label that differs in case and white space only. */
function labelOf(answer: Json, labels: readonly Json[]): Json | undefined {
  const form = (label: Json): string | null =>
    typeof label === 'object' ? null : String(label).trim().toLowerCase();
  const wanted = form(answer);
  const found = wanted === null ? [] : labels.filter((label) => form(label) === wanted);
  return found.length === 1 ? found[0] : undefined;
}

function numberOf(answer: Json): number | undefined {
  if (typeof answer !== 'string') return undefined;
  const text = answer.trim();
  const digits = GROUPED.test(text) ? text.replaceAll(',', '') : text;
  if (!NUMBER.test(digits)) return undefined;
  const number = Number(digits);
  return Number.isFinite(number) && keepsDigits(digits, number) ? number : undefined;
}

/** A number of more digits than JavaScript represents would become another one. */
const keepsDigits = (digits: string, number: number): boolean =>
  digits
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '').length <= 15 || String(number) === digits;

/** Parses a list or an object that came as text. */
function parsed(answer: Json): Json | undefined {
  if (typeof answer !== 'string') return undefined;
  try {
    return parseJson(answer);
  } catch {
    return undefined;
  }
}
