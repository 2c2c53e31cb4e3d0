/** Position and reason of a syntax error in JSON. */
export interface Flaw {
  /** Offset in UTF-16 units, from 0. */
  at: number;
  what: string;
}

/** Sticky: matches at one position only. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;
const WORD = /[-+\w.]+/y;

type Wanted =
  'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

/**
 * Finds the first error in a text that `JSON.parse` rejects; `null` without one. The message of
 * most engines has no position, and quotes the data.
 */
export function findFlaw(text: string): Flaw | null {
  const open: ('{' | '[')[] = [];
  let wanted: Wanted = 'value';
  const afterValue = (): Wanted => (open.length === 0 ? 'nothing' : 'comma or end');
  for (let at = 0; ;) {
    while (/[ \t\r\n]/.test(text.charAt(at))) at += 1;
    const char = text.charAt(at);
    if (char === '') {
      return wanted === 'nothing' ? null : { at, what: 'the text ends too early' };
    }
    const inside = open.at(-1);
    const isEnd = inside !== undefined && char === (inside === '{' ? '}' : ']');
    if (isEnd && (wanted === 'comma or end' || wanted.endsWith('or end'))) {
      open.pop();
      wanted = afterValue();
      at += 1;
      continue;
    }
    switch (wanted) {
      case 'nothing':
        return { at, what: `${shown(char)} behind the end of the value` };
      case 'comma or end':
        if (char !== ',') return { at, what: `a comma is missing before ${shown(char)}` };
        wanted = inside === '{' ? 'key' : 'value';
        at += 1;
        break;
      case 'colon':
        if (char !== ':') return { at, what: 'a colon is missing behind the name' };
        wanted = 'value';
        at += 1;
        break;
      case 'key':
      case 'key or end': {
        if (char !== '"') return { at, what: isEnd ? 'a comma too many' : NAME };
        const end = readString(text, at);
        if (typeof end !== 'number') return end;
        wanted = 'colon';
        at = end;
        break;
      }
      case 'value':
      case 'value or end': {
        if (char === '{' || char === '[') {
          open.push(char);
          wanted = char === '{' ? 'key or end' : 'value or end';
          at += 1;
          break;
        }
        const end =
          char === '"' ? readString(text, at) : (endOfNumber(text, at) ?? endOfWord(text, at));
        if (end === null) return valueFlaw(text, at, isEnd);
        if (typeof end !== 'number') return end;
        wanted = afterValue();
        at = end;
      }
    }
  }
}

const NAME = 'a name in double quotes is expected';

function endOfNumber(text: string, at: number): number | null {
  NUMBER.lastIndex = at;
  return NUMBER.test(text) ? NUMBER.lastIndex : null;
}

function wordAt(text: string, at: number): string {
  WORD.lastIndex = at;
  return WORD.exec(text)?.[0] ?? '';
}

const endOfWord = (text: string, at: number): number | null => {
  const word = wordAt(text, at);
  return ['true', 'false', 'null'].includes(word) ? at + word.length : null;
};

function valueFlaw(text: string, at: number, isEnd: boolean): Flaw {
  const char = text.charAt(at);
  if (isEnd) return { at, what: 'a comma too many' };
  if (char === "'") return { at, what: 'a text in single quotes; JSON has double ones' };
  const word = wordAt(text, at);
  return {
    at,
    what: word === '' ? `a value is expected before ${shown(char)}` : `${cut(word)} is not JSON`,
  };
}

/**
 * Returns the position behind the closing quote, or the error. Iterates, because a pattern
 * overflows on long strings.
 */
function readString(text: string, from: number): number | Flaw {
  for (let at = from + 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit < 0x20) return { at, what: 'a control character in a text; write it as an escape' };
    if (unit !== 0x5c) continue;
    if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6))) {
      return { at, what: 'a backslash that begins no escape' };
    }
    at += 1;
  }
  return { at: from, what: 'a text that is never closed' };
}

const cut = (word: string): string => (word.length <= 20 ? word : `${word.slice(0, 19)}…`);

const shown = (char: string): string => (/[!-/:-@[-`{-~]/.test(char) ? char : 'more text');
