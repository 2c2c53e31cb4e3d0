import type { Readable } from 'node:stream';
import { RUN_FILE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { SnapshotRef } from '../../contract/rows.ts';
import { requireProviderSpec } from '../../providers/catalog.ts';
import { sourceFieldsOf } from '../../rules/answers/conditions.ts';
import { takeSnapshot, type Snapshot, type SnapshotOptions } from '../../sources/snapshot.ts';
import { stagedDigest, createDigestDraft } from '../../sources/digest-draft.ts';
import type { Draft, Folder, StageDraft, Store } from '../../store/store.ts';
import type { EnrichTableInput } from '../../contract/run.ts';
import { withInlineRows } from './read.ts';

/** Validates the rows and freezes them in the store. Starts nothing. */
export const stageRows = async (
  pipeline: Pipeline,
  store: Store,
  options: { stdin?: Readable } = {},
): Promise<SnapshotRef> => (await stageSnapshot(pipeline, store, options)).ref;

/** Does what `stageRows` does, and also returns the warnings about the rows. */
export async function stageSnapshot(
  pipeline: Pipeline,
  store: Store,
  options: FreezeOptions = {},
): Promise<Snapshot> {
  return (await store.stage(RUN_FILE.rows, frozen(pipeline, options))).snapshot;
}

/** Writes the rows into a draft; `store.keepDraft` moves it to its final place. */
async function draftRows(
  pipeline: Pipeline,
  store: Store,
  options: FreezeOptions = {},
): Promise<{ snapshot: Snapshot; draft: StageDraft }> {
  const { filled, draft } = await store.draftStage(RUN_FILE.rows, frozen(pipeline, options));
  return { snapshot: filled.snapshot, draft };
}

interface FreezeOptions {
  stdin?: Readable;
  countRepeats?: boolean;
  onRow?: StagingOptions['onRow'];
}

/** Columns of the source that conditions name. */
export const sourceFields = (pipeline: Pipeline): string[] =>
  sourceFieldsOf(
    pipeline,
    requireProviderSpec(pipeline.provider)
      .plan(pipeline.table)
      .map(({ key }) => key),
  );

const frozen =
  (pipeline: Pipeline, options: FreezeOptions) =>
  async (draft: Draft, folder: Folder): Promise<{ digest: string; snapshot: Snapshot }> => {
    const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
    const leftOut = () => folder.create(RUN_FILE.badRows);
    const taken = await takeSnapshot(pipeline.rows, inputs, draft, {
      ...options,
      leftOut,
      named: sourceFields(pipeline),
      canary: pipeline.canary,
    });
    return { digest: stagedDigest(taken.ref), snapshot: taken };
  };

/** A start that was checked, with its rows frozen. */
export interface PreparedStart {
  input: EnrichTableInput;
  rows: SnapshotRef;
  /** Draft in the store with the rows; `null` when they travel in the start request. */
  draft: StageDraft | null;
  /** Warnings about the pipeline and its rows, as `rowmill check` prints them. */
  warnings: string[];
}

/** Maximum characters of JSON for inline rows in the start request, which Temporal stores. */
const MAX_INLINE_CHARS = 64 * 1024;

/**
 * Validates the rows. A few inline rows travel in the start request, so no shared store is needed.
 * All others are written into a draft, which the caller keeps or discards.
 * @throws RowmillError `rows_invalid`, `rows_empty`, `source_…`, and the errors of the store
 */
export async function prepareStart(
  pipeline: Pipeline,
  store: Store,
  { stage, onRow }: StagingOptions,
): Promise<{ work: Omit<PreparedStart, 'warnings'>; snapshot: Snapshot }> {
  const { source } = pipeline.rows;
  const travels =
    !stage && source.type === 'inline' && JSON.stringify(source.rows).length <= MAX_INLINE_CHARS;
  if (travels) {
    const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
    const { canary } = pipeline;
    const options = { countRepeats: true, named: sourceFields(pipeline), canary, onRow };
    const snapshot = await takeSnapshot(pipeline.rows, inputs, createDigestDraft(), options);
    return { work: { input: { pipeline }, rows: snapshot.ref, draft: null }, snapshot };
  }
  const { snapshot, draft } = await draftRows(pipeline, store, { countRepeats: true, onRow });
  const rows = snapshot.ref;
  const light = source.type === 'inline' ? withInlineRows(pipeline, []) : pipeline;
  return { work: { input: { pipeline: light, snapshot: rows }, rows, draft }, snapshot };
}

interface StagingOptions {
  /** Writes the rows into the store even if they are few. */
  stage: boolean;
  /** Called with each valid row, in order. */
  onRow?: SnapshotOptions['onRow'];
}
