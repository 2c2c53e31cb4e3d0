import type { SpendPolicy } from '../../contract/pipeline.ts';
import type { CellCountMismatch } from '../../contract/run.ts';

export type SpendVerdict = 'go' | 'ask' | 'refuse';

/** Credits a run may cost without reruns: rows × paid columns × price. */
export function estimateCredits(rows: number, paidColumns: number, policy: SpendPolicy): number {
  return rows * paidColumns * policy.creditsPerCell;
}

/**
 * Estimates the credits as far as known beforehand: for a rerun, only the cells without an answer.
 */
export function creditsOf(
  work: { snapshot: { rows: number }; paidCellsPerRow: number; openCells: number | null },
  policy: SpendPolicy,
): number {
  if (work.openCells !== null) return work.openCells * policy.creditsPerCell;
  return estimateCredits(work.snapshot.rows, work.paidCellsPerRow, policy);
}

/**
 * Checks the spend of a provider that would run more cells than requested. Requested cells are in
 * the estimate. Others need an approval unless the policy's limit allows them.
 */
export function checkCellSpend(
  cells: CellCountMismatch,
  estimate: number,
  policy: SpendPolicy,
): { verdict: SpendVerdict; credits: number } {
  const credits = estimate + (cells.affected - cells.requested) * policy.creditsPerCell;
  const { onCeiling: _onCeiling, ...limits } = policy;
  const verdict = checkSpend(credits, limits);
  return {
    credits,
    verdict: policy.approveAbove === undefined && verdict === 'go' ? 'ask' : verdict,
  };
}

/**
 * Checks an estimate. With `onCeiling` a run above its ceiling starts: its passes are cut to what fits,
 * or wait for an approval.
 */
export function checkSpend(credits: number, policy: SpendPolicy): SpendVerdict {
  const { maxCredits = Infinity, approveAbove = Infinity, onCeiling } = policy;
  if (onCeiling === undefined && credits > maxCredits) return 'refuse';
  if (onCeiling === 'ask' && credits > maxCredits) return 'ask';
  return Math.min(credits, maxCredits) > approveAbove ? 'ask' : 'go';
}

/** Checks whether a ceiling is below the price of the cheapest cell: nothing could be asked for. */
export function fitsNoCell(
  { maxCredits = Infinity, creditsPerCell }: SpendPolicy,
  weights: Readonly<Record<string, number>>,
): boolean {
  const prices = [1, ...Object.values(weights)].filter((weight) => weight > 0);
  return maxCredits < Math.min(...prices) * creditsPerCell;
}

/** Price of a cell in units of `creditsPerCell`. A column may be called like a field of every object. */
export const weightOf = (weights: Readonly<Record<string, number>>, column: string): number =>
  Object.hasOwn(weights, column) ? (weights[column] ?? 1) : 1;

/** Price of cells in units of `creditsPerCell`; a column without a weight costs one. */
export const unitsOf = (
  cells: Readonly<Record<string, number>>,
  weights: Readonly<Record<string, number>> = {},
): number =>
  Object.entries(cells).reduce((sum, [key, count]) => sum + count * weightOf(weights, key), 0);

/**
 * Returns the credits of a run's requested cells, with any result. Cells cancelled before they
 * started are free.
 */
export const creditsRequested = (
  units: number,
  cellsCancelled: number,
  { creditsPerCell }: SpendPolicy,
): number => Math.max(0, units - cellsCancelled) * creditsPerCell;
