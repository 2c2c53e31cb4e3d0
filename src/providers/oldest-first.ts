import type { FoundTable } from './provider.ts';

/** The tables of one tag as `findTables` gives them back; those of one moment stay as they came. */
export const oldestFirst = (found: Iterable<FoundTable>): FoundTable[] =>
  [...found].sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
