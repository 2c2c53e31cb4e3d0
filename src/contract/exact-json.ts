import type { Json } from './json.ts';

/** Prefix of the digits of a number that JavaScript cannot represent; no real file contains it. */
const MARK = '\0number:';

/** Detects a possible number of that kind: enough consecutive digits, or a large exponent. */
const SUSPECT = /(?:^|[:,[])\s*-?\d(?:[\d.]{15}|[\d.]*[eE][+-]?\d{2})/;

const NUMBER = /-?\d[\d.eE+-]*/y;

/**
 * `JSON.parse`, but a number that would lose digits comes as a text that {@link inexactDigits} knows.
 * @param suspect Result of {@link mayLoseDigits}, if the caller has it
 * @throws SyntaxError
 */
export function parseExact(text: string, suspect = mayLoseDigits(text)): Json {
  // Safe cast: JSON.parse returns JSON.
  if (!suspect) return JSON.parse(text) as Json;
  const marked = markNumbers(text);
  // Parses the original, too: the marks must not repair a broken text.
  if (marked !== text) JSON.parse(text);
  return JSON.parse(marked) as Json;
}

/** Walks instead of matching: a pattern overflows on strings of many megabytes. */
function markNumbers(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === MINUS || (unit >= ZERO && unit <= NINE)) {
      NUMBER.lastIndex = at;
      const token = NUMBER.exec(text)?.[0] ?? '-';
      if (token !== '-' && !keepsDigits(token)) {
        parts.push(text.slice(copied, at), JSON.stringify(MARK + token));
        copied = at + token.length;
      }
      at += token.length - 1;
    }
  }
  return parts.join('') + text.slice(copied);
}

const [QUOTE, BACKSLASH, MINUS, ZERO, NINE] = [0x22, 0x5c, 0x2d, 0x30, 0x39];

/** Returns the index of the closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at;
    if (unit === BACKSLASH) at += 1;
  }
  return text.length;
}

/** Checks whether a text may contain a number that {@link parseExact} marks. */
export const mayLoseDigits = (text: string): boolean => SUSPECT.test(text);

/** The digits of a number that was too exact to be read; `null` for any other value. */
export const inexactDigits = (value: Json): string | null =>
  typeof value === 'string' && value.startsWith(MARK) ? value.slice(MARK.length) : null;

/** Replaces marked numbers with the text of their digits. */
export function withDigits(value: Json): Json {
  if (typeof value === 'string') return inexactDigits(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withDigits);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withDigits(item)]));
}

/** Checks whether a number prints with its original digits; `1.10` and `1.1` are equal. */
const keepsDigits = (token: string): boolean => {
  const read = Number(token);
  return Number.isFinite(read) && canonical(String(read)) === canonical(token);
};

/** Digits without zeros around them, and the power of ten of the first one. */
function canonical(token: string): string {
  const [, sign = '', whole = '', part = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const all = whole + part;
  const digits = all.replace(/^0+/, '');
  if (digits === '') return '0';
  const power = whole.length - (all.length - digits.length) + Number(exponent);
  return `${sign}${digits.replace(/0+$/, '')}e${power}`;
}
