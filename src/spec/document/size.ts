import type { Json } from '../../contract/json.ts';

/** Maximum bytes of a file, or of its JSON. */
export const MAX_BYTES = 1024 * 1024;

/** Maximum values: each takes a kilobyte of memory while a text is read. */
export const MAX_VALUES = 100_000;

/** Maximum levels; a pipeline has about ten. */
export const MAX_DEPTH = 100;

const [COMMA, BRACKET, BRACE, NEWLINE, DASH, QUESTION] = [44, 91, 123, 10, 45, 63];
const [SPACE, TAB] = [32, 9];

/**
 * Returns an upper bound of the values in a YAML or JSON text, in one pass: counts separators, also
 * those in strings and comments.
 */
export function roughlyValues(text: string): number {
  let count = 1;
  let before = NEWLINE;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === SPACE || code === TAB) {
      if (before === DASH || before === QUESTION) count += 1;
      before = SPACE;
    } else if (code === COMMA || code === BRACKET || code === BRACE) {
      count += 1;
      before = COMMA;
    } else if (code === NEWLINE) {
      // A line end separates values if no comma did.
      if (before !== COMMA) count += 1;
      before = NEWLINE;
    } else before = code;
  }
  return count;
}

/**
 * Describes what is too large about a value; `null` if nothing is. Stops as soon as a limit is
 * exceeded.
 */
export function excessOf(value: Json): string | null {
  let level: Json[] = [value];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return 'nested too deeply';
    values += level.length;
    if (values > MAX_VALUES) return `more than ${MAX_VALUES} values`;
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
  return null;
}
