import type { ApiCalls } from '../src/contract/run.ts';
import { readAccount } from './account.ts';
import type { ActivityDeps } from './deps.ts';
import { runStep } from './step.ts';

export interface CheckedCredits {
  /** `null` where the provider does not say. */
  credits: number | null;
  /** Where it was asked for, and the provider says. */
  plan?: string | null;
  calls: ApiCalls;
}

/** One look at the account; also shows whether the token is accepted. */
export const checkCredits =
  (deps: ActivityDeps) =>
  (input: { provider: string; quota?: boolean }): Promise<CheckedCredits> =>
    runStep<null, CheckedCredits>(deps, async (step) => {
      const { credits } = await readAccount(deps, input.provider, step);
      return { credits, calls: step.calls };
    });
