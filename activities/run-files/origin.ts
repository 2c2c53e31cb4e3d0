import { RUN_FILE } from '../../src/contract/names.ts';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import type { PreviousRunRef } from '../../src/contract/run.ts';
import type { Folder } from '../../src/store/store.ts';

/** Input that a run was started with. */
export interface RunOrigin {
  pipeline: Pipeline;
  previousRun?: PreviousRunRef | null;
}

/** Writes what the run was started with, without inline rows: those are frozen beside it. */
export async function writeOrigin(
  folder: Folder,
  { pipeline, previousRun = null }: RunOrigin,
): Promise<void> {
  if (previousRun !== null) await folder.writeJson(RUN_FILE.previousRun, previousRun);
  await folder.writeJson(RUN_FILE.pipeline, withoutRows(pipeline));
}

/** Reads the pipeline of the run. */
export async function readPipeline(folder: Folder): Promise<Pipeline> {
  // Safe cast: written by `writeOrigin`, after `prepareRows` had validated it.
  return (await folder.readJson(RUN_FILE.pipeline)) as Pipeline;
}

function withoutRows(pipeline: Pipeline): Pipeline {
  if (pipeline.rows.source.type !== 'inline') return pipeline;
  return { ...pipeline, rows: { ...pipeline.rows, source: { type: 'inline', rows: [] } } };
}
