import type { Pipeline } from '../contract/pipeline.ts';
import type { EnrichTableInput } from '../contract/run.ts';
import type { SnapshotRef } from '../contract/rows.ts';
import { requireProviderSpec } from '../providers/spec.ts';
import { createDigestDraft } from '../sources/digest-draft.ts';
import { takeSnapshot, type Snapshot } from '../sources/snapshot.ts';
import type { StageDraft, Store } from '../store/store.ts';
import { withInlineRows } from './pipeline-source.ts';
import { draftRows } from './stage-rows.ts';

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
  { stage, countRepeats }: FreezeOptions,
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

interface FreezeOptions {
  /** Puts the rows into the store also where they are few. */
  stage: boolean;
  countRepeats: boolean;
}
