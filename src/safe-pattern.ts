import { RE2JS } from 're2js';

/** Maximum characters of a pattern: its program grows with it. */
export const MAX_PATTERN = 500;

const compiled = new Map<string, RE2JS>();
const MAX_COMPILED = 1_000;

/** Explains why a text is no pattern of RE2; `null`: it is one. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN) return `longer than ${MAX_PATTERN} characters`;
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return error instanceof Error
      ? error.message.replace(/^error parsing regexp: /, '')
      : 'unknown';
  }
}

/** Matches anywhere in a text, in linear time: RE2 has no look-around and no references. */
export function matchesPattern(pattern: string, text: string): boolean {
  let known = compiled.get(pattern);
  if (known === undefined) {
    known = RE2JS.compile(pattern);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(pattern, known);
  }
  return known.matcher(text).find();
}
