/** Control characters except tab and line end, line separators, and bidirectional marks. */
export const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Formats JSON, with control characters as escapes, so that no value changes. Left out `indent`: in one
 * line.
 */
export const sanitizeJson = (value: unknown, indent = 0): string =>
  JSON.stringify(value, null, indent).replace(
    CONTROL,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
