import type { Json } from '../contract/json.ts';

/** A pipeline is written by hand; a bigger one is something else. In bytes of a file, or of JSON. */
export const MAX_BYTES = 1024 * 1024;

/** Each takes a kilobyte of memory while a text is read. */
export const MAX_VALUES = 100_000;

/** Levels of a value; a pipeline has about ten. */
export const MAX_DEPTH = 100;

const [COMMA, BRACKET, BRACE, NEWLINE, DASH, QUESTION] = [44, 91, 123, 10, 45, 63];
const [SPACE, TAB] = [32, 9];

/**
 * How many values a YAML or JSON text may hold at most, in one pass over it: what separates two of
 * them is counted wherever it stands, texts and comments among it.
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
      // The end of a line separates what no comma has separated.
      if (before !== COMMA) count += 1;
      before = NEWLINE;
    } else before = code;
  }
  return count;
}

/** What is too much about a value, `null` when nothing is. It is walked through no further than that. */
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
