import type { Estimate } from '../client/estimate.ts';
import { CEILING_VARIABLES } from '../client/spend-ceiling.ts';
import { formatCount, formatInteger } from './figures.ts';

/** One line: what the run will cost, and against which limits. */
export function estimateLine(estimate: Estimate): string {
  const limits = limitTexts(estimate);
  const paid = estimate.columns.filter(({ paid }) => paid).length;
  const what = `${formatCount(estimate.rows, 'row')} × ${formatCount(paid, 'paid column')}`;
  const tail = limits.length === 0 ? '' : ` (${limits.join(', ')})`;
  return `${what}: about ${formatCount(estimate.credits, 'credit')}${tail}`;
}

/** The limits that hold; those of the owner by the variables they were set with. */
export function limitTexts({ spend, ceiling }: Estimate): string[] {
  const { maxCredits, approveAbove, creditsPerCell } = spend;
  const named = (name: keyof typeof CEILING_VARIABLES): string =>
    ceiling[name] !== undefined && ceiling[name] === spend[name]
      ? ` (${CEILING_VARIABLES[name]})`
      : '';
  const price = named('creditsPerCell');
  return [
    ...(maxCredits === undefined
      ? []
      : [`limit ${formatInteger(maxCredits)}${named('maxCredits')}`]),
    ...(approveAbove === undefined
      ? []
      : [`approval above ${formatInteger(approveAbove)}${named('approveAbove')}`]),
    ...(price === '' ? [] : [`${creditsPerCell} a cell${price}`]),
  ];
}
