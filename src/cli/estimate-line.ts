import type { Estimate } from '../client/estimate.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { count, whole } from './figures.ts';

/** One line: what the run will cost, and against which limits. */
export function estimateLine(estimate: Estimate, pipeline: Pipeline): string {
  const { maxCredits, approveAbove } = pipeline.spend;
  const limits = [
    ...(approveAbove === undefined ? [] : [`approval above ${whole(approveAbove)}`]),
    ...(maxCredits === undefined ? [] : [`limit ${whole(maxCredits)}`]),
  ];
  const paid = estimate.columns.filter(({ paid }) => paid).length;
  const what = `${count(estimate.rows, 'row')} × ${count(paid, 'paid column')}`;
  const tail = limits.length === 0 ? '' : ` (${limits.join(', ')})`;
  return `${what}: about ${count(estimate.credits, 'credit')}${tail}`;
}
