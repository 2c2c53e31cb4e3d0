import type { Pipeline, ResultTarget } from '../src/contract/pipeline.ts';
import { RowmillError } from '../src/errors.ts';
import { clashesOfPipeline, realFootprint } from '../src/paths/footprint.ts';

/** Whoever started the run: nothing it was given is overwritten. @throws RowmillError `path_refused` */
export async function refuseClashes(pipeline: Pipeline): Promise<void> {
  const [clash] = await clashesOfPipeline(pipeline, null);
  if (clash === undefined) return;
  const to = pipeline.results[clash.at]?.to ?? '';
  throw new RowmillError(
    'path_refused',
    `results would overwrite what is not theirs: ${clash.why}`,
    {
      where: `results[${clash.at}].to ${to}`,
      remedy: 'Give the results a path of their own.',
    },
  );
}

/** Real paths that two runs must not publish to at the same time without a word. */
export const sharedPaths = async (results: readonly ResultTarget[]): Promise<string[]> => {
  const places = await Promise.all(results.map(({ to }) => realFootprint(to)));
  return places.flatMap(({ results: path, manifest }) => [path, manifest]);
};
