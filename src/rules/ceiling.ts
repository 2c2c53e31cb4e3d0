import type { SpendPolicy } from '../contract/pipeline.ts';

/** What the owner of a worker allows any run to spend, whatever its pipeline says. */
export interface SpendCeiling {
  /** No cell is counted for less. */
  creditsPerCell?: number;
  /** Refuse above. */
  maxCredits?: number;
  /** Wait for an approval above; one sent with the start of the run does not count. */
  approveAbove?: number;
}

/** Limits of a run: the pipeline's, capped by those of the worker's owner. */
export const underCeiling = (policy: SpendPolicy, ceiling: SpendCeiling): SpendPolicy => ({
  creditsPerCell: Math.max(policy.creditsPerCell, ceiling.creditsPerCell ?? 0),
  ...least('maxCredits', policy, ceiling),
  ...least('approveAbove', policy, ceiling),
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

/** Whose limit of the two it is, as it is called where it was set. */
export function limitName(policy: SpendPolicy, ceiling: SpendCeiling): string {
  const { maxCredits } = ceiling;
  const isOwners = maxCredits !== undefined && maxCredits < (policy.maxCredits ?? Infinity);
  return isOwners ? 'ROWMILL_MAX_CREDITS_PER_RUN of the worker' : 'spend.maxCredits';
}

/** Whether a run of so many credits needs an approval that did not come with its start. */
export const needsOwner = (credits: number, { approveAbove }: SpendCeiling): boolean =>
  approveAbove !== undefined && credits > approveAbove;
