import type { ResultTarget } from '../../contract/pipeline.ts';
import { placeOf } from './destination.ts';
import { mapWriteErrors } from '../port/sink-error.ts';
import { readTargetState } from './target-state.ts';
import { filesAt } from './files-at.ts';

/**
 * Checks that results can be written to a file: writes and removes a test file. Throws
 * `sink_unwritable` with place and reason.
 */
export const probeTarget = async (target: ResultTarget, pipeline: string): Promise<void> => {
  const place = await placeOf(target.to);
  await readTargetState(target.to, place, pipeline);
  await mapWriteErrors(target.to, () => filesAt(target.to).probe(place.results, target.to));
};
