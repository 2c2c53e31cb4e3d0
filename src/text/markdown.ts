/** What would end a code span, break a line, or turn or hide text. */
const UNSAFE = /[`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Far more than an id, a path or the first sentence of a problem. */
const LONGEST = 300;

/** Text from outside on one line of a fenced block. */
export const escapeForFence = (text: string): string => text.replace(UNSAFE, ' ').slice(0, LONGEST);

/**
 * Text from outside inside a line of Markdown: as code, where nothing becomes a link, an image, a
 * heading or HTML, bare addresses included.
 */
export const inlineCode = (text: string): string => `\`${escapeForFence(text).trim() || ' '}\``;

/** A link, where the address is one of the web; anything else is shown as code. */
export function link(text: string, url: string): string {
  if (!/^https?:\/\/[^\s/]/i.test(url)) return inlineCode(url);
  const address = url.replace(/[^\w.~:/?#@!$&+,;=%-]/gu, (found) =>
    found === '(' ? '%28' : found === ')' ? '%29' : '%20',
  );
  return `[${text}](${address})`;
}
