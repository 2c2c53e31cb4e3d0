/** Characters that end a code span, break a line, or reverse or hide text. */
const UNSAFE = /[`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Maximum length, far more than an id, a path or the first sentence of a problem. */
const LONGEST = 300;

/** Escapes external text for one line of a fenced block. */
export const escapeForFence = (text: string): string => text.replace(UNSAFE, ' ').slice(0, LONGEST);

/**
 * Formats external text as inline code, so that nothing in it becomes a link, an image, a heading
 * or HTML.
 */
export const inlineCode = (text: string): string => `\`${escapeForFence(text).trim() || ' '}\``;

/** Formats a link to a web address; anything else as code. */
export function link(text: string, url: string): string {
  if (!/^https?:\/\/[^\s/]/i.test(url)) return inlineCode(url);
  const address = url.replace(/[^\w.~:/?#@!$&+,;=%-]/gu, (found) =>
    found === '(' ? '%28' : found === ')' ? '%29' : '%20',
  );
  return `[${text}](${address})`;
}
