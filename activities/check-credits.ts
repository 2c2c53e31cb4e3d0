import type { ApiCalls } from '../src/contract/run.ts';
import { RowmillError } from '../src/errors.ts';
import { readAccount, readBalance } from './account.ts';
import type { ActivityDeps } from './deps.ts';
import { activity, type ActivityAttempt } from './step.ts';

export interface CheckedCredits {
  /** `null` where the provider does not say. */
  credits: number | null;
  /** Where it was asked for, and the provider says. */
  plan?: string | null;
  calls: ApiCalls;
}

export interface CheckCreditsInput {
  provider: string;
  /** A quota may be used up: what cannot be read now is not waited for. */
  quota?: boolean;
}

/** One look at the account; also shows whether the token is accepted. */
export const checkCredits = activity<CheckCreditsInput, CheckedCredits>(
  async ({ provider, quota = false }, attempt, deps) => {
    if (quota) return { ...(await quotaOf(deps, provider, attempt)), calls: attempt.calls };
    const { credits } = await readAccount(deps, provider, attempt);
    return { credits, calls: attempt.calls };
  },
);

async function quotaOf(
  deps: ActivityDeps,
  provider: string,
  attempt: ActivityAttempt<null>,
): Promise<Pick<CheckedCredits, 'credits' | 'plan'>> {
  try {
    const credits = await readBalance(deps, provider, attempt);
    const plan = (await deps.providers.get(provider).plan?.(attempt.ctx)) ?? null;
    return { credits, plan };
  } catch (error) {
    if (error instanceof RowmillError) return { credits: null, plan: null };
    throw error;
  }
}
