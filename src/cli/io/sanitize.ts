import { CONTROL } from '../../contract/control-characters.ts';

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

/** Bold, dim, red, green, yellow, cyan, and their ends. */
const OURS = '\\u001b\\[(?:1|2|22|31|32|33|36|39)m';

const COLOUR_OR_CONTROL = new RegExp(`${OURS}|${CONTROL.source}`, 'g');
