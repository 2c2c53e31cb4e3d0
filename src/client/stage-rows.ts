import type { Readable } from 'node:stream';
import { RUN_FILE } from '../contract/names.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { requireProviderSpec } from '../providers/spec.ts';
import { takeSnapshot, type Snapshot } from '../sources/snapshot.ts';
import { stagedDigest } from '../sources/staged-digest.ts';
import type { Draft, Folder, StageDraft, Store } from '../store/store.ts';

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
export async function draftRows(
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
