import type { FoundTable } from './provider.ts';

/** A table that does not say when it was made counts as the youngest. */
const madeAtMs = ({ createdAt }: FoundTable): number => {
  const ms = Date.parse(createdAt);
  return Number.isNaN(ms) ? Number.MAX_SAFE_INTEGER : ms;
};

/** The tables of one tag as `findTables` gives them back; those of one moment stay as they came. */
export const oldestFirst = (found: Iterable<FoundTable>): FoundTable[] =>
  [...found].sort((a, b) => madeAtMs(a) - madeAtMs(b));
