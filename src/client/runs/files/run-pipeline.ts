import { RUN_FILE } from '../../../contract/names.ts';
import type { Pipeline } from '../../../contract/pipeline.ts';
import type { Folder } from '../../../store/store.ts';

/** Reads the pipeline that a run was started with; `null` if the run was not prepared. */
export async function pipelineIn(folder: Folder): Promise<Pipeline | null> {
  if (!(await folder.exists(RUN_FILE.pipeline))) return null;
  // Safe cast: written by the activities in this shape.
  return (await folder.readJson(RUN_FILE.pipeline)) as Pipeline;
}
