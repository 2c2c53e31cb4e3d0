/**
 * Invisible characters: white space, controls, default-ignorable ones (U+200B, U+00AD, U+FEFF, …)
 * and the Braille blank.
 */
const UNSEEN = String.raw`[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]`;

const ONLY_UNSEEN = new RegExp(`^${UNSEEN}*$`, 'u');

/** Checks whether a text has no visible character. */
export const isBlank = (text: string): boolean => ONLY_UNSEEN.test(text);

/** Excludes joiners and variation selectors, which belong to the character before them. */
const EDGE = String.raw`[\s\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]`;

const START = new RegExp(`^${EDGE}+`, 'u');
const END_UNIT = new RegExp(EDGE, 'u');

/** Trims white space and invisible characters. */
export function trimUnseen(text: string): string {
  const from = START.exec(text)?.[0].length ?? 0;
  let to = text.length;
  // By hand, because a pattern ending in `+$` takes quadratic time on long runs of spaces.
  while (to > from && END_UNIT.test(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** Normalizes a name, so that names that look alike become equal. */
export const foldName = (name: string): string =>
  name
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}+/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/**
 * Escapes invisible characters and loose accents, so that names that look alike can be
 * distinguished.
 */
export function showUnseen(text: string): string {
  const hidden = /[\p{Default_Ignorable_Code_Point}\p{Zs}\u2800]/gu;
  const seen = text.replace(hidden, (char) => (char === ' ' ? char : escaped(char)));
  return seen === seen.normalize('NFC') ? seen : seen.replace(/\p{M}/gu, escaped);
}

const escaped = (char: string): string => {
  const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex}`;
};
