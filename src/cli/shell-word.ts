/** One word of a POSIX shell, quoted where it has to be. */
export const shellQuote = (text: string): string =>
  /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
