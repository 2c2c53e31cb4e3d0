import type { Readable } from 'node:stream';
import { RUN_FILE } from '../contract/names.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { requireProviderSpec } from '../providers/spec.ts';
import { takeSnapshot } from '../sources/snapshot.ts';
import type { Store } from '../store/store.ts';

/** The file of a frozen input, staged and in a run's folder alike. */
const SNAPSHOT_FILE = RUN_FILE.rows;

/** Validates the rows where they are and freezes them in the store; nothing is started yet. */
export async function stageRows(
  pipeline: Pipeline,
  store: Store,
  options: { stdin?: Readable } = {},
): Promise<SnapshotRef> {
  const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
  return store.stage(
    SNAPSHOT_FILE,
    async (draft) => (await takeSnapshot(pipeline.rows, inputs, draft, options)).ref,
  );
}
