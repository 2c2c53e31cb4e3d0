import { clashesOfPipeline } from '../paths/footprint.ts';
import { clashFinding, type LoadedPipeline } from '../spec/index.ts';

/**
 * Links are followed here: results that lead to the rows, to the pipeline file or to each other
 * would overwrite them.
 * @throws SpecError `spec_invalid`, by the lines that name them
 */
export async function refuseClashes({ pipeline, file, mistakes }: LoadedPipeline): Promise<void> {
  const clashes = await clashesOfPipeline(pipeline, file);
  if (clashes.length === 0) return;
  const findings = clashes.map((clash) =>
    clashFinding(clash.at, pipeline.results[clash.at]?.to ?? '', clash),
  );
  throw mistakes(findings, 'spec_invalid');
}
