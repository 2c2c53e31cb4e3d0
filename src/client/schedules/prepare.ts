import type { Pipeline } from '../../contract/pipeline.ts';
import type { Env } from '../../env.ts';
import { refuseClashes } from '../pipelines/target-conflicts.ts';
import { readPipeline, type PipelineSource } from '../pipelines/read.ts';
import { refuseUnplanned, type PreparedSchedule } from './index.ts';

export interface ScheduleRequest {
  pipeline: PipelineSource;
  /** Directory that relative paths of a text or an object start from. */
  baseDir?: string | undefined;
  env: Env;
  /** Checks the pipeline, and throws to reject it. */
  validate?: ((pipeline: Pipeline) => Promise<void> | void) | undefined;
}

/**
 * Prepares a schedule without a server.
 * @throws RowmillError as `RowmillSchedules.apply` before its first request to the server
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
