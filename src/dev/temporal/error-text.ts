/** Returns a code like `EEXIST`. No `instanceof Error`, which fails across realms, as in tests. */
export const codeOf = (error: unknown): string | null =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;

export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);

export const firstLine = (error: unknown): string => messageOf(error).split('\n')[0] ?? '';
