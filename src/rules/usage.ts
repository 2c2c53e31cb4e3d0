import type { CellUsage } from '../contract/results.ts';

export const noUsage = (): CellUsage => ({
  requests: 0,
  price: 0,
  inputTokens: 0,
  outputTokens: 0,
});

/** Adds to `sum` in place: this runs over every cell of every sweep. */
export function addUsage(sum: CellUsage, one: CellUsage): void {
  sum.requests += one.requests;
  // Sums of binary fractions end in 0000000000004; no price is as small as what is cut off.
  sum.price = Number((sum.price + one.price).toFixed(12));
  sum.inputTokens += one.inputTokens;
  sum.outputTokens += one.outputTokens;
}

/** Of all columns together; `null` where nothing is told. */
export function totalUsage(byColumn: Record<string, CellUsage> | undefined): CellUsage | null {
  if (byColumn === undefined) return null;
  const total = noUsage();
  for (const one of Object.values(byColumn)) addUsage(total, one);
  return total;
}

/** 0.8082 or 1,234.56: small prices keep four digits that mean something. */
export const priceText = (price: number): string =>
  price.toLocaleString('en-US', {
    maximumFractionDigits: 2,
    maximumSignificantDigits: 4,
    roundingPriority: 'morePrecision',
  });

/** In a line, for people: whose figure it is, and of what, or it would be taken for the bill. */
export function usageText({ price, requests, inputTokens, outputTokens }: CellUsage): string {
  const [asked, read, written] = [requests, inputTokens, outputTokens].map((n) =>
    n.toLocaleString('en-US'),
  );
  return `${priceText(price)} (${asked} ${requests === 1 ? 'request' : 'requests'}, ${read} tokens in, ${written} out; last computation of each cell)`;
}
