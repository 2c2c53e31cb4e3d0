import type { Readable } from 'node:stream';
import { RUN_FILE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { SnapshotRef } from '../../contract/rows.ts';
import { requireProviderSpec } from '../../providers/catalog.ts';
import { takeSnapshot, type Snapshot } from '../../sources/snapshot.ts';
import { stagedDigest, createDigestDraft } from '../../sources/digest-draft.ts';
import type { Draft, Folder, StageDraft, Store } from '../../store/store.ts';
import type { EnrichTableInput } from '../../contract/run.ts';
import { withInlineRows } from './read.ts';

/** Validates the rows where they are and freezes them in the store; nothing is started yet. */
export const stageRows = async (
  pipeline: Pipeline,
  store: Store,
  options: { stdin?: Readable } = {},
): Promise<SnapshotRef> => (await stageSnapshot(pipeline, store, options)).ref;

/** The same, with what there is to say about the rows. */
export async function stageSnapshot(
  pipeline: Pipeline,
  store: Store,
  options: FreezeOptions = {},
): Promise<Snapshot> {
  return (await store.stage(RUN_FILE.rows, frozen(pipeline, options))).snapshot;
}

/** The same, put in its place by `store.keepDraft`. */
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
}

const frozen =
  (pipeline: Pipeline, options: FreezeOptions) =>
  async (draft: Draft, folder: Folder): Promise<{ digest: string; snapshot: Snapshot }> => {
    const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
    const leftOut = () => folder.create(RUN_FILE.badRows);
    const taken = await takeSnapshot(pipeline.rows, inputs, draft, { ...options, leftOut });
    return { digest: stagedDigest(taken.ref), snapshot: taken };
  };

/** A start that was checked, with its rows frozen. */
export interface PreparedStart {
  input: EnrichTableInput;
  rows: SnapshotRef;
  /** Where the rows wait in the store to be put in their place; `null`: they travel with the start. */
  draft: StageDraft | null;
}

/** Inline rows up to so many characters of JSON travel with the start; Temporal keeps them. */
const MAX_INLINE_CHARS = 64 * 1024;

/**
 * Validates the rows where they are. A few inline ones go with the start of the run, so that no
 * store has to be shared; all others are written into a draft in the store, and only their reference
 * goes: the caller keeps or drops the draft.
 * @throws RowmillError `rows_invalid`, `rows_empty`, `source_…`, and what the store throws
 */
export async function prepareStart(
  pipeline: Pipeline,
  store: Store,
  { stage, countRepeats }: StagingOptions,
): Promise<{ work: PreparedStart; snapshot: Snapshot }> {
  const { source } = pipeline.rows;
  const travels =
    !stage && source.type === 'inline' && JSON.stringify(source.rows).length <= MAX_INLINE_CHARS;
  if (travels) {
    const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
    const options = { countRepeats };
    const snapshot = await takeSnapshot(pipeline.rows, inputs, createDigestDraft(), options);
    return { work: { input: { pipeline }, rows: snapshot.ref, draft: null }, snapshot };
  }
  const { snapshot, draft } = await draftRows(pipeline, store, { countRepeats });
  const rows = snapshot.ref;
  const light = source.type === 'inline' ? withInlineRows(pipeline, []) : pipeline;
  return { work: { input: { pipeline: light, snapshot: rows }, rows, draft }, snapshot };
}

interface StagingOptions {
  /** Puts the rows into the store also where they are few. */
  stage: boolean;
  countRepeats: boolean;
}
