import type { Pipeline } from '../../contract/pipeline.ts';
import type { Env } from '../../env.ts';
import { refuseClashes } from '../pipelines/target-conflicts.ts';
import { readPipeline, type PipelineSource } from '../pipelines/read.ts';
import { refuseUnplanned, type PreparedSchedule } from './index.ts';

export interface ScheduleRequest {
  pipeline: PipelineSource;
  /** Where relative paths of a text or an object start. */
  baseDir?: string | undefined;
  env: Env;
  /** Judges the pipeline; throws what it refuses. */
  validate?: ((pipeline: Pipeline) => Promise<void> | void) | undefined;
}

/**
 * Everything about a schedule that needs no server.
 * @throws RowmillError what `RowmillSchedules.apply` throws before it asks the server
 */
export async function prepareSchedule(request: ScheduleRequest): Promise<PreparedSchedule> {
  const { baseDir, env } = request;
  const loaded = await readPipeline(request.pipeline, { baseDir, env });
  const { pipeline, file, schedule } = loaded;
  await request.validate?.(pipeline);
  await refuseClashes(loaded);
  const prepared = { pipeline, file, ...(schedule === undefined ? {} : { schedule }) };
  refuseUnplanned(prepared);
  return prepared;
}
