/**
 * rowmill for backends: start runs, follow them, read their results. A worker (`rowmill worker`)
 * does the work (docs/library.md).
 *
 * ```ts
 * import { Rowmill } from 'rowmill';
 *
 * const rowmill = await Rowmill.connect();
 * const run = await rowmill.start({ pipeline: 'pipeline.yaml', key: 'order-4711' });
 * console.log((await run.wait()).outcome);
 * await rowmill.close();
 * ```
 */
export { Rowmill } from './rowmill.ts';
export { RowmillRun } from './rowmill-run.ts';
export { RowmillSchedules } from './rowmill-schedules.ts';
export { RowmillError } from '../errors.ts';
export { SpecError } from '../spec/index.ts';

export type {
  CheckOptions,
  NewestRun,
  PrepareOptions,
  RowmillOptions,
  SeenBy,
  StartAs,
  StartOptions,
} from './rowmill.ts';
export type { ProgressOptions, RequestToCheck, RerunAs, WaitOptions } from './rowmill-run.ts';
export type {
  AppliedAs,
  ApplyScheduleOptions,
  PrepareScheduleOptions,
} from './rowmill-schedules.ts';
export type { ConnectOptions } from './connection.ts';
export type { Env } from './environment.ts';
export type { Estimate } from './estimate.ts';
export type { ProgressUpdate } from './follow.ts';
export type { PreparedStart } from './freeze-rows.ts';
export type { FreshRun } from './fresh-runs.ts';
export type { ListRunsOptions, RunFilter, RunPage } from './list-runs.ts';
export type { LastKnown, LiveProgress } from './live-progress.ts';
export type { PipelineSource, RowsOverride } from './pipeline-source.ts';
export type { StartPlan } from './prepare-work.ts';
export type { ExportedFile } from './rendition.ts';
export type { CompletedWork } from './repeated-work.ts';
export type { RunInfo } from './run-standing.ts';
export type { RunStatus } from './run-status.ts';
export type { StoredResults } from './stored-run.ts';
export type { Availability } from './workers.ts';
export type {
  AppliedSchedule,
  BackfillOptions,
  BackfillPlan,
  BackfillRange,
  DeletedSchedule,
  ClockChangeDay,
  PreparedSchedule,
  ScheduledRun,
  ScheduleInfo,
  TriggeredRun,
  TriggerOptions,
  WrittenSpan,
} from './schedules/index.ts';

export type { PipelineDocument, PipelineSchedule, SpecIssue } from '../spec/index.ts';
export type { ResultFormatName } from '../sinks/index.ts';
export type { Folder, Store } from '../store/store.ts';
export type { ErrorCode } from '../errors.ts';
export type { Json, JsonObject } from '../contract/json.ts';
export type { Pipeline, ResultTarget } from '../contract/pipeline.ts';
export type {
  BadRowLine,
  CellCounts,
  CellOutcome,
  CellUsage,
  PublishedFile,
  QuarantineLine,
  ResultCell,
  ResultRow,
} from '../contract/results.ts';
export type {
  Adjusted,
  AdjustRequest,
  ApproveRequest,
  Outcome,
  PauseRequest,
  RunProgress,
  RunSummary,
  Stage,
} from '../contract/run.ts';
