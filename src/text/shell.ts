/** Quotes a word for a POSIX shell if needed. */
export const shellQuote = (text: string): string =>
  /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
