/**
 * Replaces control characters by a visible mark. Text from files, providers and servers then cannot
 * move the cursor, ring, recolour the terminal or reverse a line. Line ends and tabs stay.
 */
export const sanitize = (text: string): string => text.replace(CONTROL, '�');

/**
 * Sanitizes a text but keeps rowmill's own colours. Other colours could conceal text, or print
 * black on black.
 */
export const sanitizeKeepingColour = (text: string): string =>
  text.replace(COLOUR_OR_CONTROL, (found) => (found.startsWith('\u001b[') ? found : '�'));

/**
 * Formats JSON, with control characters as escapes, so that no value changes. Left out `indent`: in one
 * line.
 */
export const sanitizeJson = (value: unknown, indent = 0): string =>
  JSON.stringify(value, null, indent).replace(
    CONTROL,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Control characters except tab and line end, line separators, and bidirectional marks. */
const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Bold, dim, red, green, yellow, cyan, and their ends. */
const OURS = '\\u001b\\[(?:1|2|22|31|32|33|36|39)m';

const COLOUR_OR_CONTROL = new RegExp(`${OURS}|${CONTROL.source}`, 'g');
