import type { Readable } from 'node:stream';
import { RUN_FILE } from '../contract/names.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { requireProviderSpec } from '../providers/spec.ts';
import { takeSnapshot, type Snapshot } from '../sources/snapshot.ts';
import { stagedDigest } from '../sources/staged-digest.ts';
import type { Store } from '../store/store.ts';

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
  options: { stdin?: Readable; countRepeats?: boolean } = {},
): Promise<Snapshot> {
  const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
  const { snapshot } = await store.stage(RUN_FILE.rows, async (draft, folder) => {
    const leftOut = () => folder.create(RUN_FILE.leftOut);
    const taken = await takeSnapshot(pipeline.rows, inputs, draft, { ...options, leftOut });
    return { digest: stagedDigest(taken.ref), snapshot: taken };
  });
  return snapshot;
}
