import { RUN_FILE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { Folder } from '../../store/store.ts';

/** What a run was started with, by its folder; `null` where it was not prepared. */
export async function pipelineIn(folder: Folder): Promise<Pipeline | null> {
  if (!(await folder.exists(RUN_FILE.pipeline))) return null;
  // Written by prepareRows.
  return (await folder.readJson(RUN_FILE.pipeline)) as Pipeline;
}
