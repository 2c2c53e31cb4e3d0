import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { MEMO_STORE, SEARCH_ATTRIBUTE } from '../../contract/names.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { SnapshotRef } from '../../contract/rows.ts';
import { isRequested, providerSpec } from '../../providers/catalog.ts';
import { placeOfStore, type StorePlace } from '../../store/store-place.ts';
import type { Store } from '../../store/store.ts';
import { inlineCode } from '../../text/markdown.ts';

/** Pipeline of a run, with its rows unless a worker will read them. */
export interface RunSubject {
  pipeline: Pipeline;
  rows: SnapshotRef | null;
}

const PIPELINE = defineSearchAttributeKey(SEARCH_ATTRIBUTE.pipeline, 'KEYWORD');
const STAGE = defineSearchAttributeKey(SEARCH_ATTRIBUTE.stage, 'KEYWORD');
const ROWS = defineSearchAttributeKey(SEARCH_ATTRIBUTE.rows, 'INT');

/** Returns the search attributes of a run before its first step. */
export const initialSearchAttributes = ({ pipeline, rows }: RunSubject): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: PIPELINE, value: pipeline.name },
    { key: STAGE, value: 'preparing rows' },
    ...(rows === null ? [] : [{ key: ROWS, value: rows.rows }]),
  ]);

/** Names the client's store, for the error of a worker that has another one. */
export const storeMemo = (store: Store | undefined): Record<string, StorePlace> =>
  store === undefined ? {} : { [MEMO_STORE]: placeOfStore(store) };

/** Returns the summary line of a run in the Temporal UI. */
export const staticSummary = ({ pipeline, rows }: RunSubject): string =>
  `Enrich ${rows === null ? 'the rows' : `${rows.rows} rows`} of ${pipeline.name} with ${pipeline.provider}`;

/** Returns the details of a run in the Temporal UI, as Markdown. */
export function staticDetails({ pipeline, rows }: RunSubject): string {
  const { provider, table } = pipeline;
  const asked = providerSpec(provider)?.plan(table).filter(isRequested) ?? [];
  const targets = pipeline.results.map(({ to }) => to);
  const frozen =
    rows === null ? 'read when it starts' : `${rows.rows}, ${rows.digest.slice(0, 19)}…`;
  return [
    `- **pipeline** ${inlineCode(pipeline.name)}, provider ${inlineCode(pipeline.provider)}`,
    `- **rows** ${frozen}, key ${inlineCode(pipeline.rows.key)}`,
    `- **columns** ${listed(asked.map(({ key }) => key))}`,
    `- **results** ${listed(targets)}`,
  ].join('\n');
}

/** The server accepts 20 KB of details. */
const MAX_LISTED = 20;

export function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, MAX_LISTED).map(inlineCode).join(', ');
  const more = texts.length - MAX_LISTED;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
