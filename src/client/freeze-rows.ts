import type { Readable } from 'node:stream';
import type { Pipeline } from '../contract/pipeline.ts';
import type { EnrichTableInput } from '../contract/run.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { requireProviderSpec } from '../providers/spec.ts';
import { createDigestDraft } from '../sources/digest-draft.ts';
import { takeSnapshot } from '../sources/snapshot.ts';
import type { StageDraft, Store } from '../store/store.ts';
import { withInlineRows } from './pipeline-source.ts';
import { draftRows } from './stage-rows.ts';

/** What a run is started with, and what its rows are. */
export interface FrozenWork {
  input: EnrichTableInput;
  rows: SnapshotRef;
  /** Where the rows wait in the store to be put in their place; `null`: they travel with the start. */
  draft: StageDraft | null;
}

/** Inline rows up to so many characters of JSON travel with the start; Temporal keeps them. */
const MOST_INLINE_CHARS = 64 * 1024;

/**
 * Validates the rows where they are. A few inline ones go with the start of the run, so that no
 * store has to be shared; all others are written into a draft in the store, and only their reference
 * goes: the caller keeps or drops the draft.
 * @throws RowmillError `rows_invalid`, `rows_empty`, `source_…`, and what the store throws
 */
export async function freezeRows(
  pipeline: Pipeline,
  store: Store,
  options: { stdin?: Readable } = {},
): Promise<FrozenWork> {
  const { source } = pipeline.rows;
  if (source.type === 'inline' && JSON.stringify(source.rows).length <= MOST_INLINE_CHARS) {
    const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
    const { ref } = await takeSnapshot(pipeline.rows, inputs, createDigestDraft());
    return { input: { pipeline }, rows: ref, draft: null };
  }
  const { snapshot: taken, draft } = await draftRows(pipeline, store, options);
  const snapshot = taken.ref;
  const light = source.type === 'inline' ? withInlineRows(pipeline, []) : pipeline;
  return { input: { pipeline: light, snapshot }, rows: snapshot, draft };
}
