import { pipelineColumns } from '../../src/answers/answer-schemas.ts';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import type { ResultColumns } from '../../src/sinks/port/sink.ts';
import { readColumns } from '../../src/sources/columns/source-columns.ts';
import type { Folder } from '../../src/store/store.ts';
import type { ActivityDeps } from '../runtime/deps.ts';

/** Returns the columns of a run's results, by its pipeline and its frozen rows. */
export async function runColumns(
  { providers }: ActivityDeps,
  pipeline: Pipeline,
  folder: Folder,
): Promise<ResultColumns> {
  const columns = pipelineColumns(providers.spec(pipeline.provider), pipeline);
  return { ...columns, source: (await readColumns(folder)) ?? [] };
}
