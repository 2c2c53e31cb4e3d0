import type { Pipeline } from '../contract/pipeline.ts';
import type { Store } from '../store/store.ts';
import type { Env } from './environment.ts';
import { estimateOf, refuseAboveLimit } from './estimate.ts';
import { freezeRows, type FrozenWork } from './freeze-rows.ts';
import { refuseClashes } from './own-paths.ts';
import { readPipeline, type PipelineSource, type RowsOverride } from './pipeline-source.ts';
import { toldByFile } from './rows-mistake.ts';
import { spendCeilingOf } from './spend-ceiling.ts';

export interface WorkRequest {
  pipeline: PipelineSource;
  rows?: RowsOverride | undefined;
  /** Where relative paths of a text or an object start. */
  baseDir?: string | undefined;
  env: Env;
  store: Store;
  /** Judges the pipeline before its rows are read; throws what it refuses. */
  accept?: ((pipeline: Pipeline) => Promise<void> | void) | undefined;
}

/**
 * Everything about a start that needs no server: the pipeline is checked, each row, and the spend.
 * The rows are written into a draft in the store, which what is refused takes with it.
 * @throws RowmillError what `Rowmill.start` throws before it asks the server
 */
export async function prepareWork(request: WorkRequest): Promise<FrozenWork> {
  const { rows, baseDir, env, store } = request;
  const loaded = await readPipeline(request.pipeline, { rows, baseDir, env });
  const { pipeline } = loaded;
  await request.accept?.(pipeline);
  await refuseClashes(loaded);
  const work = await toldByFile(loaded, freezeRows(pipeline, store));
  try {
    const estimate = estimateOf(pipeline, work.rows.rows, spendCeilingOf(env), env);
    refuseAboveLimit(estimate, pipeline, pipeline.name);
    return work;
  } catch (error) {
    if (work.draft !== null) await store.dropDraft(work.draft);
    throw error;
  }
}
