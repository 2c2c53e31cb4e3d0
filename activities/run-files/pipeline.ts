import { RUN_FILE } from '../../src/contract/names.ts';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import type { Folder } from '../../src/store/store.ts';

/** Writes the pipeline of the run, without inline rows: those are frozen beside it. */
export const writePipeline = (folder: Folder, pipeline: Pipeline): Promise<void> =>
  folder.writeJson(RUN_FILE.pipeline, withoutRows(pipeline));

function withoutRows(pipeline: Pipeline): Pipeline {
  if (pipeline.rows.source.type !== 'inline') return pipeline;
  return { ...pipeline, rows: { ...pipeline.rows, source: { type: 'inline', rows: [] } } };
}
