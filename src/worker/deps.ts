import type { ActivityDeps } from '../../activities/runtime/deps.ts';
import type { MetricEvent } from '../../activities/runtime/metric-events.ts';
import { spendCeilingOf } from '../client/pipelines/spend-ceiling.ts';
import { RowmillError } from '../errors.ts';
import { createWebhooks } from '../notify/webhooks.ts';
import { rootsIn } from '../paths/roots.ts';
import { createProviders, type ProviderHooks } from '../providers/registry.ts';
import { createFileStore } from '../store/file-store.ts';
import type { Env } from './settings.ts';

export interface WorkerDepsOptions {
  env: Env;
  /** Folder of the file store. */
  store: string;
  /** Where nothing is named by ROWMILL_ROOTS; `null`: any folder. */
  roots: readonly string[] | null;
  searchAttributes: boolean;
  hooks?: ProviderHooks;
  onEvent?: (event: MetricEvent) => void;
}

/** Everything the steps work with, from the environment; talks to nobody yet. */
export const createWorkerDeps = ({
  env,
  store,
  roots,
  searchAttributes,
  hooks,
  onEvent,
}: WorkerDepsOptions): ActivityDeps => ({
  providers: createProviders({ ...env }, hooks),
  store: createFileStore(store),
  webhooks: createWebhooks(env),
  ceiling: spendCeilingOf(env),
  roots: namedRoots(env) ?? roots,
  searchAttributes,
  ...(onEvent === undefined ? {} : { onEvent }),
});

const namedRoots = (env: Env): string[] | null => {
  const named = rootsIn(env['ROWMILL_ROOTS']);
  return named.length === 0 ? null : named;
};

/** Why runs of a provider would fail here at once (no token, a bad base URL), by provider. */
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

/** @throws the reason why the provider cannot be used here; without a name: why none can */
export function refuseUnusable(deps: ActivityDeps, provider: string | undefined): void {
  const unusable = unusableProviders(deps);
  const [any] = unusable.size === deps.providers.names.length ? unusable.values() : [];
  const reason = provider === undefined ? any : unusable.get(provider);
  if (reason !== undefined) throw reason;
}
