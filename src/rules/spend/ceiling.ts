import type { SpendPolicy } from '../../contract/pipeline.ts';

/** Limits that a worker's owner sets for the spend of any run. */
export interface SpendCeiling {
  /** Minimum credits counted per cell. */
  creditsPerCell?: number;
  /** Refuses a run above. */
  maxCredits?: number;
  /** Requires an approval above; one in the start request does not count. */
  approveAbove?: number;
}

/** Limits of a run: the pipeline's, capped by those of the worker's owner. */
export const underCeiling = (policy: SpendPolicy, ceiling: SpendCeiling): SpendPolicy => ({
  creditsPerCell: Math.max(policy.creditsPerCell, ceiling.creditsPerCell ?? 0),
  ...least('maxCredits', policy, ceiling),
  ...least('approveAbove', policy, ceiling),
  ...(policy.onCeiling === undefined ? {} : { onCeiling: policy.onCeiling }),
});

type Limit = 'maxCredits' | 'approveAbove';

function least(
  limit: Limit,
  policy: SpendPolicy,
  ceiling: SpendCeiling,
): { [name in Limit]?: number } {
  const given = [policy[limit], ceiling[limit]].filter((value) => value !== undefined);
  return given.length === 0 ? {} : { [limit]: Math.min(...given) };
}

/** Names the stricter limit, as it is called where it was set. */
export function limitName(policy: SpendPolicy, ceiling: SpendCeiling): string {
  const { maxCredits } = ceiling;
  const isOwners = maxCredits !== undefined && maxCredits < (policy.maxCredits ?? Infinity);
  return isOwners ? 'ROWMILL_MAX_CREDITS_PER_RUN of the worker' : 'spend.maxCredits';
}

/** Checks whether the credits need an approval that was not in the start request. */
export const needsOwner = (credits: number, { approveAbove }: SpendCeiling): boolean =>
  approveAbove !== undefined && credits > approveAbove;
