import type { ActivityDeps } from '../../activities/runtime/deps.ts';
import type { MetricEvent } from '../../activities/runtime/metric-events.ts';
import { spendCeilingOf } from '../client/pipelines/spend-ceiling.ts';
import { RowmillError } from '../errors.ts';
import { createWebhooks } from '../notify/webhooks.ts';
import { rootsIn } from '../paths/roots.ts';
import { createProviders, type ProviderHooks } from '../providers/registry.ts';
import { createStore } from '../store/open-store.ts';
import { createSharedPaces, type ProviderLook } from './shared-paces.ts';
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
  /** Called after each reading of the workers that share a token. */
  onLook?: (look: ProviderLook) => void;
}

/** Everything the steps use, and what ends with the worker. */
export interface WorkerDeps extends ActivityDeps {
  /** Leaves the paces of the tokens to the other workers; called when the worker has stopped. */
  leavePaces: () => Promise<void>;
}

/** Creates everything the steps use, from the environment; connects to nothing yet. */
export function createWorkerDeps({
  env,
  store: place,
  roots,
  searchAttributes,
  hooks,
  onEvent,
  onLook,
}: WorkerDepsOptions): WorkerDeps {
  const store = createStore(place);
  const { limiterFor, leave } = createSharedPaces(store, onLook);
  return {
    providers: createProviders({ ...env }, { ...hooks, limiterFor }),
    store,
    webhooks: createWebhooks(env),
    uiUrl: env['ROWMILL_UI_URL']?.trim() || null,
    ceiling: spendCeilingOf(env),
    roots: namedRoots(env) ?? roots,
    searchAttributes,
    ...(onEvent === undefined ? {} : { onEvent }),
    leavePaces: leave,
  };
}

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
