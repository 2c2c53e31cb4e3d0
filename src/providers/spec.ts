import { RowmillError } from '../errors.ts';
import { extructSpec } from './extruct/spec.ts';
import { promptLayerSpec } from './promptlayer/spec.ts';
import type { ProviderName } from './names.ts';
import type { ProviderSpec } from './provider-spec.ts';

export { isAsked } from './provider-spec.ts';
export type { ColumnProblem, PlannedColumn, ProviderSpec, TableShape } from './provider-spec.ts';

/** Providers a pipeline file may name. */
export const providerSpecs: Readonly<Record<string, ProviderSpec>> = {
  extruct: extructSpec,
  promptlayer: promptLayerSpec,
} satisfies Record<ProviderName, ProviderSpec>;

/** The offline side of a provider, or `null` when there is none of that name. */
export const providerSpec = (name: string): ProviderSpec | null =>
  Object.hasOwn(providerSpecs, name) ? (providerSpecs[name] ?? null) : null;

/** The offline side of a provider that must exist; throws `spec_invalid`. */
export function requireProviderSpec(name: string): ProviderSpec {
  const spec = providerSpec(name);
  if (spec !== null) return spec;
  throw noProvider(name, Object.keys(providerSpecs));
}

export const noProvider = (name: string, known: readonly string[]): RowmillError =>
  new RowmillError('spec_invalid', `no provider "${name}"; there is: ${known.join(', ')}`, {
    where: 'provider',
  });
