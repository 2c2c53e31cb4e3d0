import type { Pipeline } from '../contract/pipeline.ts';
import { realFootprint } from '../paths/footprint.ts';
import { claimsOfOthers } from '../store/claims.ts';
import type { Store } from '../store/store.ts';

/** Of runs that have said in this store that they will publish to the same place; for people. */
export async function sameTargetWarnings(
  { results }: Pick<Pipeline, 'results'>,
  store: Store,
  except?: string,
): Promise<string[]> {
  const warnings = await Promise.all(
    results.map(async ({ to }) => {
      const { results: path, manifest } = await realFootprint(to);
      const runs = await claimsOfOthers(store, null, [path, manifest], Date.now());
      const others = runs.filter((id) => id !== except);
      return others.map((id) => `run ${id} is under way and publishes to ${to}, too`);
    }),
  );
  return warnings.flat();
}
