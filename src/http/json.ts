import { mayLoseDigits, parseExact, withDigits } from '../contract/exact-json.ts';
import type { Json } from '../contract/json.ts';
import { wellFormed } from '../contract/whole-text.ts';

/**
 * JSON as servers write it: a byte order mark is dropped, and raw control characters inside
 * strings (seen in Extruct's long texts) are read as the characters they are. A number that would
 * lose digits comes as their text, and half a character as U+FFFD.
 *
 * @throws SyntaxError as `JSON.parse`, and for values in values in values without end. Its message quotes the text: do not show it.
 */
export function parseJson(text: string): unknown {
  const value = parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  if (isDeeper(value, MAX_LEVELS)) throw new SyntaxError(`more than ${MAX_LEVELS} levels`);
  const exact = mayLoseDigits(text) ? withDigits(value) : value;
  return HALF.test(text) ? wellFormed(exact) : exact;
}

/** As an escape: a decoder has put U+FFFD in the place of any other one. */
const HALF = /\\u[dD][89a-fA-F]/;

/** The parser takes any depth; whoever writes it down again runs out of stack at some thousands. */
const MAX_LEVELS = 200;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

function parse(json: string): Json {
  try {
    return parseExact(json);
  } catch (error) {
    const escaped = escapeControls(json);
    if (escaped === json) throw error;
    return parseExact(escaped);
  }
}

/** Walks instead of matching: a pattern overflows on strings of many megabytes. */
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
