import type { ApiCalls } from '../src/contract/run.ts';
import type { ActivityDeps } from './deps.ts';
import { runStep } from './step.ts';

export interface CheckedCredits {
  /** `null` where the provider does not say. */
  credits: number | null;
  calls: ApiCalls;
}

/** One look at the account; also shows whether the token is accepted. */
export const checkCredits =
  (deps: ActivityDeps) =>
  (input: { provider: string }): Promise<CheckedCredits> =>
    runStep<null, CheckedCredits>(deps, async (step) => {
      const { credits } = await deps.providers.get(input.provider).account(step.ctx);
      return { credits, calls: step.calls };
    });
