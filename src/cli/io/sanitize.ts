/**
 * Text from files, providers and servers must not move the cursor, ring, recolour the terminal or
 * turn a line around: such characters become a visible mark. Line ends and tabs stay.
 */
export const sanitize = (text: string): string => text.replace(CONTROL, '�');

/**
 * The same for a text with parts coloured by us. Colours of ours only: concealed text, or black on
 * black, shows something else than is there.
 */
export const sanitizeKeepingColour = (text: string): string =>
  text.replace(COLOUR_OR_CONTROL, (found) => (found.startsWith('\u001b[') ? found : '�'));

/** One line of JSON: what would be marked is written as an escape, so that nothing is changed. */
export const sanitizeJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    CONTROL,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Control characters but tab and line end, line separators, and marks that turn text around. */
const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Bold, dim, red, green, yellow, cyan, and their ends. */
const OURS = '\\u001b\\[(?:1|2|22|31|32|33|36|39)m';

const COLOUR_OR_CONTROL = new RegExp(`${OURS}|${CONTROL.source}`, 'g');
