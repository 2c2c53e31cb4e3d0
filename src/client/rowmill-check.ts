import type { Env } from '../env.ts';
import type { Store } from '../store/store.ts';
import { checkWork, type StartPlan } from './pipelines/prepare.ts';
import { sameTargetWarnings } from './pipelines/target-conflicts.ts';
import type { CheckOptions } from './rowmill-options.ts';

/** Checks a start without a server, and adds a warning for each other run at its targets. */
export async function checkStart(
  options: Omit<CheckOptions, 'store' | 'env'>,
  store: Store,
  env: Env,
): Promise<StartPlan> {
  const plan = await checkWork({ ...options, store, env });
  const inProgress = async (ids: readonly string[]): Promise<string[]> => {
    // Temporal's client takes longest to load: only for runs that the server has to be asked about.
    const { askInProgress } = await import('./runs/lookup/ask-in-progress.ts');
    return askInProgress(ids, env);
  };
  const others = await sameTargetWarnings(plan.pipeline, store, { inProgress });
  return { ...plan, warnings: [...plan.warnings, ...others] };
}
