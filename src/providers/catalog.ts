import { RowmillError } from '../errors.ts';
import type { ConnectionOptions } from './json-api.ts';
import { extructSpec } from './extruct/spec.ts';
import type { LiveCheck, LivePace } from './live-check.ts';
import { promptLayerSpec } from './promptlayer/spec.ts';
import type { Provider } from './provider.ts';
import type { ProviderSpec } from './provider-spec.ts';

export { isRequested } from './provider-spec.ts';
export type { StarterColumn, StarterTable } from './starter.ts';
export type { ColumnProblem, PlannedColumn, ProviderSpec, TableShape } from './provider-spec.ts';

/** Constructors of what talks to a provider's API. */
export interface ProviderModule {
  create: (options: ConnectionOptions) => Provider;
  /** Creates the questions to the live API; left out if there are none. */
  createLiveCheck?: (options: ConnectionOptions, pace?: LivePace) => LiveCheck;
}

interface KnownProvider {
  /** Offline description: checking a file or pricing a run loads nothing else. */
  readonly spec: ProviderSpec;
  readonly load: () => Promise<ProviderModule>;
}

/** Providers that a pipeline file may name, the default first. A new provider is one entry here. */
export const PROVIDERS = {
  extruct: { spec: extructSpec, load: () => import('./extruct/index.ts') },
  promptlayer: { spec: promptLayerSpec, load: () => import('./promptlayer/index.ts') },
} satisfies Record<string, KnownProvider>;

export type ProviderName = keyof typeof PROVIDERS;

/** Offline descriptions of all providers, the default first. */
export const PROVIDER_SPECS: readonly ProviderSpec[] = Object.values(PROVIDERS).map(
  ({ spec }) => spec,
);

// Safe cast: the keys of the table above.
export const PROVIDER_NAMES = Object.keys(PROVIDERS) as ProviderName[];

/** Returns the offline description of a provider, or `null` for an unknown name. */
export const providerSpec = (name: string): ProviderSpec | null =>
  PROVIDER_SPECS.find((spec) => spec.name === name) ?? null;

/** Returns the offline description of a provider; throws `spec_invalid` for an unknown name. */
export function requireProviderSpec(name: string): ProviderSpec {
  const spec = providerSpec(name);
  if (spec !== null) return spec;
  throw noProvider(name, PROVIDER_NAMES);
}

export const noProvider = (name: string, known: readonly string[]): RowmillError =>
  new RowmillError('spec_invalid', `no provider "${name}"; there is: ${known.join(', ')}`, {
    where: 'provider',
  });
