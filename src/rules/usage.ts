import type { CellUsage } from '../contract/results.ts';
import { formatInteger } from './whole.ts';

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

/** 0.8082 or 1,234.56: small prices keep four digits that mean something. */
export const priceText = (price: number): string =>
  price.toLocaleString('en-US', {
    maximumFractionDigits: 2,
    maximumSignificantDigits: 4,
    roundingPriority: 'morePrecision',
  });

const requestsText = ({ requests }: CellUsage): string =>
  `${formatInteger(requests)} ${requests === 1 ? 'request' : 'requests'}`;

/** The known price, and the number of cells without one. */
export function knownPriceText({ price, unpriced = 0 }: CellUsage): string {
  if (unpriced === 0) return priceText(price);
  const cells = `${formatInteger(unpriced)} ${unpriced === 1 ? 'cell' : 'cells'}`;
  return price === 0 ? `not known of ${cells}` : `${priceText(price)}, not known of ${cells}`;
}

/** What a price is the figure of, or it would be taken for the bill. */
export const PRICE_IS_OF = 'last computation of each cell';

/** `210,797 in, 48,321 out; 1,502 requests` */
export const tokensText = (usage: CellUsage): string =>
  `${formatInteger(usage.inputTokens)} in, ${formatInteger(usage.outputTokens)} out; ${requestsText(usage)}`;

/** Usage in one line of text. */
export function usageText(usage: CellUsage): string {
  const tokens = `${formatInteger(usage.inputTokens)} tokens in, ${formatInteger(usage.outputTokens)} out`;
  return `${knownPriceText(usage)} (${requestsText(usage)}, ${tokens}; ${PRICE_IS_OF})`;
}
