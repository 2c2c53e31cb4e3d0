import type { Pipeline } from '../src/contract/pipeline.ts';
import { RowmillError } from '../src/errors.ts';
import { clashesOfPipeline } from '../src/paths/footprint.ts';

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
