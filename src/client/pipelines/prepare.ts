import type { Pipeline } from '../../contract/pipeline.ts';
import type { RowmillError } from '../../errors.ts';
import { requireProviderSpec } from '../../providers/catalog.ts';
import { createDigestDraft } from '../../sources/digest-draft.ts';
import { takeSnapshot, type Snapshot } from '../../sources/snapshot.ts';
import type { LoadedPipeline } from '../../spec/index.ts';
import type { Store } from '../../store/store.ts';
import type { Env } from '../../env.ts';
import { estimateOf, refusalOf, type Estimate } from './estimate.ts';
import { prepareStart, type PreparedStart } from './stage.ts';
import { refuseClashes } from './target-conflicts.ts';
import { readPipeline, type PipelineSource, type RowsOverride, atPipelineLine } from './read.ts';
import { spendCeilingOf } from './spend-ceiling.ts';

export interface CheckRequest {
  pipeline: PipelineSource;
  rows?: RowsOverride | undefined;
  /** Results to this one path instead, where `pipeline` is the path of a file. */
  out?: string | undefined;
  /** Where relative paths of a text or an object start. */
  baseDir?: string | undefined;
  env: Env;
  /**
   * Judges the pipeline before anything it names is read; throws what it refuses. `warnings` says what
   * may go wrong at the provider.
   */
  accept?: ((pipeline: Pipeline, warnings: readonly string[]) => Promise<void> | void) | undefined;
}

export interface WorkRequest extends CheckRequest {
  store: Store;
  /** Puts the rows into the store also where they are few, so that none travels in the start. */
  stage?: boolean | undefined;
  /** Called with what the run will take, before anything is started. Throws to refuse it. */
  confirm?: ((plan: StartPlan) => Promise<void> | void) | undefined;
}

/** What a run will take. */
export interface StartPlan {
  pipeline: Pipeline;
  warnings: string[];
  rows: Snapshot;
  estimate: Estimate;
  /** Why no run starts: the credits are above a limit. */
  refusal: RowmillError | null;
}

/**
 * Checks everything about a start that needs no server, and writes nothing.
 * @throws RowmillError what `Rowmill.start` throws before it asks the server, but for `refusal`
 */
export async function checkWork(request: CheckRequest): Promise<StartPlan> {
  const loaded = await load(request);
  const rows = await atPipelineLine(loaded, readRows(loaded.pipeline, { countRepeats: true }));
  return planOf(loaded, rows, request);
}

/**
 * Estimates a run of a pipeline by its rows as they are now.
 * @throws RowmillError `source_…`, `rows_…`
 */
export async function estimateWork(pipeline: Pipeline, env: Env): Promise<Estimate> {
  const { ref } = await readRows(pipeline, {});
  return estimateOf(pipeline, ref.rows, spendCeilingOf(env), env);
}

/** Reads and checks the rows, and keeps none. */
function readRows(
  { provider, table, rows }: Pipeline,
  options: { countRepeats?: boolean },
): Promise<Snapshot> {
  const inputs = requireProviderSpec(provider).inputs(table);
  return takeSnapshot(rows, inputs, createDigestDraft(), options);
}

/**
 * Everything about a start that needs no server: the pipeline is checked, each row, and the spend.
 * The rows are written into a draft in the store, which what is refused takes with it.
 * @throws RowmillError what `Rowmill.start` throws before it asks the server
 */
export async function prepareWork(request: WorkRequest): Promise<PreparedStart> {
  const { store, stage = false, confirm } = request;
  const loaded = await load(request);
  const options = { stage, countRepeats: confirm !== undefined };
  const freezing = prepareStart(loaded.pipeline, store, options);
  const { work, snapshot } = await atPipelineLine(loaded, freezing);
  try {
    const plan = planOf(loaded, snapshot, request);
    await confirm?.(plan);
    if (plan.refusal !== null) throw plan.refusal;
    return work;
  } catch (error) {
    if (work.draft !== null) await store.dropDraft(work.draft);
    throw error;
  }
}

async function load(request: CheckRequest): Promise<LoadedPipeline> {
  const { rows, out, baseDir, env } = request;
  const loaded = await readPipeline(request.pipeline, { rows, out, baseDir, env });
  await request.accept?.(loaded.pipeline, loaded.warnings);
  await refuseClashes(loaded);
  return loaded;
}

function planOf(
  { pipeline, warnings }: LoadedPipeline,
  rows: Snapshot,
  { pipeline: source, env }: CheckRequest,
): StartPlan {
  const estimate = estimateOf(pipeline, rows.ref.rows, spendCeilingOf(env), env);
  const file = typeof source === 'string' ? source : pipeline.name;
  return { pipeline, warnings, rows, estimate, refusal: refusalOf(estimate, pipeline, file) };
}
