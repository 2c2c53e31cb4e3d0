import type { Pipeline } from '../../contract/pipeline.ts';
import type { NightOptions } from '../../contract/run.ts';
import type { RowmillError } from '../../errors.ts';
import { NightPreview } from '../../nights/night-plan.ts';
import { knownSpec } from '../../providers/facts-store.ts';
import { requireProviderSpec } from '../../providers/catalog.ts';
import { createDigestDraft } from '../../sources/digest-draft.ts';
import { takeSnapshot, type Snapshot, type SnapshotOptions } from '../../sources/snapshot.ts';
import type { LoadedPipeline } from '../../spec/index.ts';
import type { Store } from '../../store/store.ts';
import type { Env } from '../../env.ts';
import {
  budgetWarnings,
  ceilingWarnings,
  nightWarnings,
  estimateOf,
  nightEstimate,
  refusalOf,
  type Estimate,
} from './estimate.ts';
import { prepareStart, sourceFields, type PreparedStart } from './stage.ts';
import { rowsWarnings } from './rows-warnings.ts';
import { tableWarnings } from './table-warnings.ts';
import { refuseClashes } from './target-conflicts.ts';
import { readPipeline, type PipelineSource, type RowsOverride, atPipelineLine } from './read.ts';
import { spendCeilingOf } from './spend-ceiling.ts';

export interface CheckRequest {
  pipeline: PipelineSource;
  rows?: RowsOverride | undefined;
  /** Publishes only to this path. Requires `pipeline` to be the path of a file. */
  out?: string | undefined;
  /** Number of rows that go first, as a canary. */
  canary?: number | undefined;
  /** Directory that relative paths of a text or an object start from. */
  baseDir?: string | undefined;
  env: Env;
  /** Store with the lasting table of the pipeline, if it keeps one. */
  store?: Store | undefined;
  /** Owner of the run, whose lasting table it is. */
  owner?: string | undefined;
  /** Options of a run on a lasting table beside what is due. */
  night?: NightOptions | undefined;
  /**
   * Checks the pipeline before anything it names is read, and throws to reject it. `warnings` lists
   * possible problems at the provider.
   */
  validate?:
    ((pipeline: Pipeline, warnings: readonly string[]) => Promise<void> | void) | undefined;
}

export interface WorkRequest extends CheckRequest {
  store: Store;
  /**
   * Writes the rows into the store even if they are few, so that the start request carries none.
   */
  stage?: boolean | undefined;
  /** Called with the plan before anything is started. Throws to reject it. */
  confirm?: ((plan: StartPlan) => Promise<void> | void) | undefined;
}

/** Result of checking a start: pipeline, rows and estimate. */
export interface StartPlan {
  pipeline: Pipeline;
  /** Warnings about the pipeline and its rows, as `rowmill check` prints them. */
  warnings: string[];
  rows: Snapshot;
  estimate: Estimate;
  /** Error that keeps the run from starting because its credits are above a limit. */
  refusal: RowmillError | null;
}

/**
 * Checks everything about a start that needs no server. Writes nothing.
 * @throws RowmillError as `Rowmill.start` before its first request to the server; credits above a
 * limit are in `refusal`
 */
export async function checkWork(request: CheckRequest): Promise<StartPlan> {
  const loaded = await load(request);
  const preview = await previewOf(loaded, request);
  const onRow = preview === null ? undefined : preview.add.bind(preview);
  const reading = readRows(loaded.pipeline, { countRepeats: true, onRow });
  const rows = await atPipelineLine(loaded, reading);
  return planOf(loaded, rows, request, preview);
}

/** Opens the lasting table of a pipeline, to compare its rows while they are read. */
async function previewOf(
  { pipeline }: LoadedPipeline,
  { store, owner, env, night }: CheckRequest,
): Promise<NightPreview | null> {
  if (store === undefined || night?.newTable === true) return null;
  const plan = knownSpec(pipeline.provider, env).plan(pipeline.table);
  return NightPreview.open(
    store,
    { pipeline: pipeline.name, owner: owner ?? null },
    pipeline,
    plan,
  );
}

/**
 * Estimates a run of a pipeline by its rows as they are now.
 * @throws RowmillError `source_…`, `rows_…`
 */
export async function estimateWork(pipeline: Pipeline, env: Env): Promise<Estimate> {
  const { ref } = await readRows(pipeline, {});
  return estimateOf(pipeline, ref.rows, spendCeilingOf(env), env);
}

/** Reads and checks the rows without storing them. */
function readRows(
  pipeline: Pipeline,
  options: Pick<SnapshotOptions, 'countRepeats' | 'onRow'>,
): Promise<Snapshot> {
  const { provider, table, rows } = pipeline;
  const inputs = requireProviderSpec(provider).inputs(table);
  const { canary } = pipeline;
  const named = sourceFields(pipeline);
  return takeSnapshot(rows, inputs, createDigestDraft(), { ...options, named, canary });
}

/**
 * Prepares a start without a server: checks the pipeline, each row and the spend. Writes the rows
 * into a draft in the store and removes the draft if the start is rejected.
 * @throws RowmillError as `Rowmill.start` before its first request to the server
 */
export async function prepareWork(request: WorkRequest): Promise<PreparedStart> {
  const { store, stage = false, confirm } = request;
  const loaded = await load(request);
  const preview = await previewOf(loaded, request);
  const onRow = preview === null ? undefined : preview.add.bind(preview);
  const freezing = prepareStart(loaded.pipeline, store, { stage, onRow });
  const { work, snapshot } = await atPipelineLine(loaded, freezing);
  try {
    const plan = await planOf(loaded, snapshot, request, preview);
    await confirm?.(plan);
    if (plan.refusal !== null) throw plan.refusal;
    const { night } = request;
    const input = night === undefined ? work.input : { ...work.input, night };
    return { ...work, input, warnings: plan.warnings };
  } catch (error) {
    if (work.draft !== null) await store.dropDraft(work.draft);
    throw error;
  }
}

async function load(request: CheckRequest): Promise<LoadedPipeline> {
  const { rows, out, canary, baseDir, env } = request;
  const loaded = await readPipeline(request.pipeline, { rows, out, canary, baseDir, env });
  await request.validate?.(loaded.pipeline, loaded.warnings);
  await refuseClashes(loaded);
  return loaded;
}

async function planOf(
  { pipeline, warnings }: LoadedPipeline,
  rows: Snapshot,
  { pipeline: source, env, night }: CheckRequest,
  preview: NightPreview | null,
): Promise<StartPlan> {
  const full = estimateOf(pipeline, rows.ref.rows, spendCeilingOf(env), env);
  const options = { full: night?.full === true, apply: night?.apply === true };
  const estimate = preview === null ? full : nightEstimate(full, await preview.finish(options));
  const file = typeof source === 'string' ? source : pipeline.name;
  const all = [
    ...warnings,
    ...rowsWarnings(rows, estimate),
    ...tableWarnings(pipeline, rows),
    ...ceilingWarnings(estimate),
    ...budgetWarnings(estimate),
    ...nightWarnings(estimate, pipeline),
  ];
  return { pipeline, warnings: all, rows, estimate, refusal: refusalOf(estimate, pipeline, file) };
}
