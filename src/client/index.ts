/**
 * rowmill for backends: start runs, follow them, read their results. A worker (`rowmill worker`)
 * does the work. `Rowmill` is the way in (docs/library.md); the pieces it is made of are here, too.
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
export type { RowmillOptions, StartOptions } from './rowmill.ts';
export type { ProgressOptions, RowmillRun, WaitOptions } from './rowmill-run.ts';
export type { ApplyScheduleOptions, RowmillSchedules } from './rowmill-schedules.ts';
export type { Standing } from './follow.ts';
export type { ListRunsOptions, RunFilter, RunPage } from './list-runs.ts';
export type { PipelineSource, RowsOverride } from './pipeline-source.ts';
export type { ListedRun } from './run-standing.ts';
export type { RunStatus } from './run-status.ts';

export { loadPipeline, parsePipeline, pipelineJsonSchema, SpecError } from '../spec/index.ts';
export type {
  LoadedPipeline,
  LoadOptions,
  ParseOptions,
  PipelineDocument,
  SpecIssue,
} from '../spec/index.ts';

export { createFileStore } from '../store/file-store.ts';
export type { Store } from '../store/store.ts';

export { connectTemporal, temporalTarget } from './connection.ts';
export type { ConnectOptions, TargetOptions, TemporalLink, TemporalTarget } from './connection.ts';
export { stageRows } from './stage-rows.ts';
export { describeRun } from './find-run.ts';
export { startRun } from './start-run.ts';
export type { StartedRun, StartRunOptions } from './start-run.ts';
export { rerunRun } from './rerun-run.ts';
export type { RerunOptions } from './rerun-run.ts';
export { updateRun } from './update-run.ts';
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
  CellUsage,
  PublishedFile,
  BadRowLine,
  QuarantineLine,
  ResultCell,
  ResultRow,
} from '../contract/results.ts';
export type { SnapshotRef } from '../contract/rows.ts';
export type {
  Adjusted,
  AdjustRequest,
  ApiCalls,
  Approval,
  ApprovalAsked,
  ApproveRequest,
  Confirmed,
  EarlierRun,
  EnrichTableInput,
  Outcome,
  Pause,
  PauseRequest,
  RunProgress,
  RunSummary,
  Stage,
} from '../contract/run.ts';

export {
  applySchedule,
  backfillSchedule,
  deleteSchedule,
  describeSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from './schedules/index.ts';
export type {
  AppliedSchedule,
  ApplyOptions,
  BackfillOptions,
  BackfillPlan,
  OddDay,
  ScheduledRun,
  ScheduleStanding,
  TriggeredRun,
  TriggerOptions,
} from './schedules/index.ts';
export type { PipelineSchedule } from '../spec/index.ts';
