import { readFileSync } from 'node:fs';

/** Reads a file of the repository. */
export const text = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
