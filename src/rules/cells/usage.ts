import type { CellUsage } from '../../contract/results.ts';

export const noUsage = (): CellUsage => ({
  requests: 0,
  price: 0,
  inputTokens: 0,
  outputTokens: 0,
});

/** Adds to `sum` in place: this runs over every cell of every scan. */
export function addUsage(sum: CellUsage, one: CellUsage): void {
  sum.requests += one.requests;
  // Sums of binary fractions end in 0000000000004; no price is as small as what is cut off.
  sum.price = Number((sum.price + one.price).toFixed(12));
  sum.inputTokens += one.inputTokens;
  sum.outputTokens += one.outputTokens;
  if (one.unpriced !== undefined) sum.unpriced = (sum.unpriced ?? 0) + one.unpriced;
}

/** Usage of all columns together; `null` where the provider reports none. */
export function totalUsage(byColumn: Record<string, CellUsage> | undefined): CellUsage | null {
  if (byColumn === undefined) return null;
  const total = noUsage();
  for (const one of Object.values(byColumn)) addUsage(total, one);
  return total;
}
