import type { SpendPolicy } from '../contract/pipeline.ts';

export type SpendVerdict = 'go' | 'ask' | 'refuse';

/** Credits a run may cost without reruns: rows × paid columns × price. */
export function estimateCredits(rows: number, paidColumns: number, policy: SpendPolicy): number {
  return rows * paidColumns * policy.creditsPerCell;
}

export function judgeSpend(credits: number, policy: SpendPolicy): SpendVerdict {
  if (policy.maxCredits !== undefined && credits > policy.maxCredits) return 'refuse';
  if (policy.approveAbove !== undefined && credits > policy.approveAbove) return 'ask';
  return 'go';
}
