import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTE } from '../contract/names.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import type { SnapshotRef } from '../contract/rows.ts';

/** What a run is; its rows are not known yet where a worker will read them. */
export interface RunSubject {
  pipeline: Pipeline;
  rows: SnapshotRef | null;
}

const PIPELINE = defineSearchAttributeKey(SEARCH_ATTRIBUTE.pipeline, 'KEYWORD');
const STAGE = defineSearchAttributeKey(SEARCH_ATTRIBUTE.stage, 'KEYWORD');
const ROWS = defineSearchAttributeKey(SEARCH_ATTRIBUTE.rows, 'INT');

/** What the list of workflows knows of a run before its first step. */
export const firstAttributes = ({ pipeline, rows }: RunSubject): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: PIPELINE, value: pipeline.name },
    { key: STAGE, value: 'preparing rows' },
    ...(rows === null ? [] : [{ key: ROWS, value: rows.rows }]),
  ]);

/** What the run is, in a line, for people in the Temporal UI. */
export const staticSummary = ({ pipeline, rows }: RunSubject): string =>
  `Enrich ${rows === null ? 'the rows' : `${rows.rows} rows`} of ${pipeline.name} with ${pipeline.provider}`;

/** The same in Markdown. */
export function staticDetails({ pipeline, rows }: RunSubject): string {
  const columns = pipeline.table.columns
    .map((column) => `\`${JSON.stringify(column['key'])}\``)
    .join(', ');
  const frozen =
    rows === null ? 'read when it starts' : `${rows.rows}, ${rows.digest.slice(0, 19)}…`;
  return [
    `- **pipeline** \`${pipeline.name}\`, provider \`${pipeline.provider}\``,
    `- **rows** ${frozen}, key \`${pipeline.rows.key}\``,
    `- **columns** ${columns}`,
    `- **results** ${pipeline.results.map((target) => `\`${target.to}\``).join(', ')}`,
  ].join('\n');
}
