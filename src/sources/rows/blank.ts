/**
 * Characters that nobody sees: white space, controls, what fonts leave out (U+200B, U+00AD, U+FEFF, …)
 * and the blank of Braille.
 */
const UNSEEN = String.raw`[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]`;

const ONLY_UNSEEN = new RegExp(`^${UNSEEN}*$`, 'u');

/** Whether a reader would see nothing in it. */
export const isBlank = (text: string): boolean => ONLY_UNSEEN.test(text);

/** Joiners and variation selectors are missing here: they belong to the character before them. */
const EDGE = String.raw`[\s\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]`;

const START = new RegExp(`^${EDGE}+`, 'u');
const END_UNIT = new RegExp(EDGE, 'u');

/** Without white space and invisible characters around it. */
export function trimUnseen(text: string): string {
  const from = START.exec(text)?.[0].length ?? 0;
  let to = text.length;
  // A pattern that ends in `+$` takes a square of the time on long runs of spaces.
  while (to > from && END_UNIT.test(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** Two names of one fold look alike: composed or not, with or without invisible characters. */
export const foldName = (name: string): string =>
  name
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}+/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/** Invisible characters and loose accents as escapes, so that names which look alike can be told apart. */
export function showUnseen(text: string): string {
  const hidden = /[\p{Default_Ignorable_Code_Point}\p{Zs}\u2800]/gu;
  const seen = text.replace(hidden, (char) => (char === ' ' ? char : escaped(char)));
  return seen === seen.normalize('NFC') ? seen : seen.replace(/\p{M}/gu, escaped);
}

const escaped = (char: string): string => {
  const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex}`;
};
