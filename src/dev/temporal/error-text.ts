export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);

export const firstLine = (error: unknown): string => messageOf(error).split('\n')[0] ?? '';
