import { Client } from '@temporalio/client';
import type { Env } from '../env.ts';
import type { Store } from '../store/store.ts';
import { connectToNamespace } from '../temporal/connection.ts';
import { checkWork, type StartPlan } from './pipelines/prepare.ts';
import { sameTargetWarnings } from './pipelines/target-conflicts.ts';
import type { CheckOptions } from './rowmill-options.ts';
import { runsUnderWay } from './runs/under-way.ts';

/** Checks a start without a server, and adds a warning for each other run at its targets. */
export async function checkStart(
  options: Omit<CheckOptions, 'store' | 'env'>,
  store: Store,
  env: Env,
): Promise<StartPlan> {
  const plan = await checkWork({ ...options, store, env });
  const underWay = (ids: readonly string[]): Promise<string[]> => askUnderWay(ids, env);
  const others = await sameTargetWarnings(plan.pipeline, store, { underWay });
  return { ...plan, warnings: [...plan.warnings, ...others] };
}

/** Runs of a list that are in progress, by the server of the environment; all of them where none answers. */
async function askUnderWay(ids: readonly string[], env: Env): Promise<string[]> {
  try {
    const { connection, namespace } = await connectToNamespace({ env, timeoutMs: 2_000 });
    try {
      return await runsUnderWay(new Client({ connection, namespace }), ids);
    } finally {
      await connection.close();
    }
  } catch {
    return [...ids];
  }
}
