import { stripVTControlCharacters } from 'node:util';

const MAX_REASON = 300;

/** Returns one line without control, escape and direction characters. */
export const singleLine = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();

/** Truncates to a number of whole characters. Redact first: a cut may leave half of a secret. */
export function truncate(text: string, most = MAX_REASON): string {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  if (characters.length <= most) return text;
  return `${characters.slice(0, most - 1).join('')}…`;
}

/** Makes external text safe to show and store: one line, without secrets, of limited length. */
export type Sanitize = (text: string, most?: number) => string;

export const sanitizer =
  (redact: (text: string) => string): Sanitize =>
  (text, most) =>
    truncate(redact(singleLine(text)), most);
