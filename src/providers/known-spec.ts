import { factsOf } from './facts-store.ts';
import { withFacts } from './facts.ts';
import type { ProviderSpec } from './provider-spec.ts';
import { requireProviderSpec } from './spec.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What is known about a provider here: its spec, with the prices and limits of its facts file.
 * @throws RowmillError `spec_invalid` for no provider, `usage` for a facts file that cannot be read
 */
export function knownSpec(name: string, env: Env): ProviderSpec {
  const spec = requireProviderSpec(name);
  return withFacts(spec, factsOf(spec, env));
}
