import type { Canary } from '../../contract/pipeline.ts';

/** Checks whether a row belongs to the canary, by its place in the list and its key. */
export type CanaryRows = (ordinal: number, key: string) => boolean;

/** Selects the rows that go first. @param rows Rows of the list */
export function canaryRows({ rows: count, pick }: Canary, rows: number): CanaryRows {
  if (typeof pick !== 'string') {
    const keys = new Set(pick);
    return (_ordinal, key) => keys.has(key);
  }
  if (pick === 'first' || count >= rows) return (ordinal) => ordinal < count;
  const ordinals = new Set<number>();
  for (let at = 0; at < count; at += 1) ordinals.add(Math.floor((at * rows) / count));
  return (ordinal) => ordinals.has(ordinal);
}
