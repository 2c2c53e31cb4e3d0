import { mayLoseDigits, parseExact, withDigits } from './exact-json.ts';
import type { Json } from './json.ts';
import { wellFormed } from './well-formed.ts';

/**
 * Parses JSON as servers write it: drops a byte order mark, and accepts raw control characters
 * inside strings (seen in Extruct's long texts). A number that would lose digits becomes text, and
 * half a character U+FFFD.
 *
 * @throws SyntaxError as `JSON.parse`, and for excessive nesting; its message quotes the text, so
 * do not show it
 */
export function parseJson(text: string): Json {
  const suspect = mayLoseDigits(text);
  const value = parse(text.startsWith('\uFEFF') ? text.slice(1) : text, suspect);
  if (isDeeper(value, MAX_LEVELS)) throw new SyntaxError(`more than ${MAX_LEVELS} levels`);
  const exact = suspect ? withDigits(value) : value;
  return HALF.test(text) ? wellFormed(exact) : exact;
}

/** Pattern of half a character as an escape: a decoder replaces all others with U+FFFD. */
const HALF = /\\u[dD][89a-fA-F]/;

/** The parser accepts any depth, but writers overflow their stack at some thousands. */
const MAX_LEVELS = 200;

/** Loops without a list of each object's values: a page has ten thousands of them. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((each) => isDeeper(each, levels - 1));
  for (const name in value) {
    // Safe cast: a name of the object.
    if (isDeeper((value as Record<string, unknown>)[name], levels - 1)) return true;
  }
  return false;
}

function parse(json: string, suspect: boolean): Json {
  try {
    return parseExact(json, suspect);
  } catch (error) {
    const escaped = escapeControls(json);
    if (escaped === json) throw error;
    return parseExact(escaped, suspect);
  }
}

/**
 * Escapes control characters. By hand, because a pattern overflows on strings of many megabytes.
 */
function escapeControls(json: string): string {
  let out = '';
  let copied = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const unit = json.charCodeAt(at);
    if (unit === 0x22) inString = !inString;
    else if (inString && unit === 0x5c) at += 1;
    else if (inString && unit < 0x20) {
      out += `${json.slice(copied, at)}\\u${unit.toString(16).padStart(4, '0')}`;
      copied = at + 1;
    }
  }
  return out + json.slice(copied);
}
