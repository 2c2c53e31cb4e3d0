import type { Pipeline } from '../../contract/pipeline.ts';
import { realFootprint, clashesOfPipeline } from '../../paths/footprint.ts';
import { othersWithClaims, type FindInProgress } from '../../store/claims.ts';
import type { Store } from '../../store/store.ts';
import { clashFinding, type LoadedPipeline } from '../../spec/index.ts';

/** Questions about runs that the store cannot answer. */
export interface RunsToAsk {
  /** Selects runs in progress: a terminated run leaves its registration. */
  inProgress: FindInProgress;
  /** Selects runs that the caller may see; the others are not named. @default all */
  visible?: (ids: readonly string[]) => Promise<string[]>;
}

/** Returns a warning for each run, three at most, registered in this store that publishes to the same place. */
export async function sameTargetWarnings(
  { results }: Pick<Pipeline, 'results'>,
  store: Store,
  { inProgress, visible = (ids) => Promise.resolve([...ids]) }: RunsToAsk,
  except?: string,
): Promise<string[]> {
  const warnings = await Promise.all(
    results.map(async ({ to }) => {
      const { results: path, manifest } = await realFootprint(to);
      const others = await othersWithClaims(store, [path, manifest], {
        nowMs: Date.now(),
        inProgress,
        isOwn: ({ workflowId }) => workflowId === except,
      });
      const named = others.length === 0 ? [] : await visible(others);
      const names = named.map((id) => `run ${id}`);
      if (named.length < others.length) names.push('another run');
      return names.map((name) => `${name} is in progress and publishes to ${to}, too`);
    }),
  );
  return warnings.flat();
}

/**
 * Rejects results that would overwrite the rows, the pipeline file or each other. Symbolic links
 * are resolved.
 * @throws SpecError `spec_invalid` at the lines that name the paths
 */
export async function refuseClashes({ pipeline, file, specError }: LoadedPipeline): Promise<void> {
  const clashes = await clashesOfPipeline(pipeline, file);
  if (clashes.length === 0) return;
  const findings = clashes.map((clash) =>
    clashFinding(clash.at, pipeline.results[clash.at]?.to ?? '', clash),
  );
  throw specError(findings, 'spec_invalid');
}
