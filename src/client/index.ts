/**
 * rowmill for backends: check a pipeline, freeze its rows, start a run and follow it. A worker
 * (`rowmill worker`) does the work; both must see the same store.
 *
 * ```ts
 * import { Client } from '@temporalio/client';
 * import { connectTemporal, createFileStore, DEFAULT_TASK_QUEUE, loadPipeline, stageRows, startRun } from 'rowmill';
 *
 * const { pipeline } = await loadPipeline('pipeline.yaml');
 * const snapshot = await stageRows(pipeline, createFileStore('/data/rowmill/store'));
 * const { connection, namespace } = await connectTemporal();
 * const run = await startRun(new Client({ connection, namespace }), {
 *   input: { pipeline, snapshot },
 *   taskQueue: DEFAULT_TASK_QUEUE,
 *   searchAttributes: true,
 * });
 * ```
 */
export { loadPipeline, parsePipeline, pipelineJsonSchema, SpecError } from '../spec/index.ts';
export type { LoadedPipeline, LoadOptions, ParseOptions, SpecIssue } from '../spec/index.ts';

export { createFileStore } from '../store/file-store.ts';
export type { Store } from '../store/store.ts';

export { connectTemporal, temporalTarget } from './connection.ts';
export type { ConnectOptions, TargetOptions, TemporalLink, TemporalTarget } from './connection.ts';
export { stageRows } from './stage-rows.ts';
export { describeRun, startRun } from './start-run.ts';
export type { StartedRun, StartRunOptions } from './start-run.ts';
export { liveProgress } from './live-progress.ts';
export type { LiveProgress } from './live-progress.ts';
export { errorOfRun } from './failure.ts';

export { ERRORS, EXIT, RowmillError } from '../errors.ts';
export type { ErrorCode } from '../errors.ts';

export {
  DEFAULT_TASK_QUEUE,
  pollQueueOf,
  QUERY,
  SEARCH_ATTRIBUTE,
  UPDATE,
  WORKFLOW_TYPE,
} from '../contract/names.ts';
export type { Json, JsonObject } from '../contract/json.ts';
export type { Pipeline } from '../contract/pipeline.ts';
export type {
  CellCounts,
  CellOutcome,
  PublishedFile,
  QuarantineLine,
  ResultCell,
  ResultRow,
} from '../contract/results.ts';
export type { SnapshotRef } from '../contract/rows.ts';
export type {
  ApiCalls,
  EnrichTableInput,
  Outcome,
  RunProgress,
  RunSummary,
  Stage,
} from '../contract/run.ts';
