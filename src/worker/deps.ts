import type { ActivityDeps } from '../../activities/runtime/deps.ts';
import type { MetricEvent } from '../../activities/runtime/metric-events.ts';
import { spendCeilingOf } from '../client/pipelines/spend-ceiling.ts';
import { RowmillError } from '../errors.ts';
import { createWebhooks } from '../notify/webhooks.ts';
import { rootsIn } from '../paths/roots.ts';
import { createProviders, type ProviderHooks } from '../providers/registry.ts';
import { createStore } from '../store/open-store.ts';
import type { Env } from './settings.ts';

export interface WorkerDepsOptions {
  env: Env;
  /** Place of the store: a folder, or `s3://bucket/prefix`. */
  store: string;
  /** Folders from ROWMILL_ROOTS; without the variable these. `null`: any folder. */
  roots: readonly string[] | null;
  searchAttributes: boolean;
  hooks?: ProviderHooks;
  onEvent?: (event: MetricEvent) => void;
}

/** Creates everything the steps use, from the environment; connects to nothing yet. */
export const createWorkerDeps = ({
  env,
  store,
  roots,
  searchAttributes,
  hooks,
  onEvent,
}: WorkerDepsOptions): ActivityDeps => ({
  providers: createProviders({ ...env }, hooks),
  store: createStore(store),
  webhooks: createWebhooks(env),
  uiUrl: env['ROWMILL_UI_URL']?.trim() || null,
  ceiling: spendCeilingOf(env),
  roots: namedRoots(env) ?? roots,
  searchAttributes,
  ...(onEvent === undefined ? {} : { onEvent }),
});

const namedRoots = (env: Env): string[] | null => {
  const named = rootsIn(env['ROWMILL_ROOTS']);
  return named.length === 0 ? null : named;
};

/**
 * Returns why runs of a provider would fail here at once (no token, invalid base URL), by provider.
 */
export function unusableProviders({ providers }: ActivityDeps): Map<string, RowmillError> {
  const found = new Map<string, RowmillError>();
  for (const name of providers.names) {
    try {
      providers.get(name);
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      found.set(name, error);
    }
  }
  return found;
}

/** Rejects an unusable provider. @throws its error; without a name: the error if none is usable */
export function refuseUnusable(deps: ActivityDeps, provider: string | undefined): void {
  const unusable = unusableProviders(deps);
  const [any] = unusable.size === deps.providers.names.length ? unusable.values() : [];
  const reason = provider === undefined ? any : unusable.get(provider);
  if (reason !== undefined) throw reason;
}
