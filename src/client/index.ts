/**
 * rowmill for backends: start runs, follow them, read their results. A worker (`rowmill worker`)
 * does the work (docs/guides/library.md).
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
export { RowmillBudgets } from './rowmill-budgets.ts';
export { RowmillSchedules } from './rowmill-schedules.ts';
export { RowmillError } from '../errors.ts';
export { SpecError } from '../spec/index.ts';

export type {
  CheckOptions,
  PrepareOptions,
  RowmillOptions,
  SeenBy,
  StartAs,
  StartOptions,
} from './rowmill-options.ts';
export type { NewestRun } from './rowmill.ts';
export type {
  ProgressOptions,
  RequestToCheck,
  RerunAs,
  ResultsOptions,
  WaitOptions,
} from './rowmill-run.ts';
export type {
  AppliedAs,
  ApplyScheduleOptions,
  PrepareScheduleOptions,
} from './rowmill-schedules.ts';
export type { BudgetList, RaiseBudgetOptions, SetBudgetOptions } from './rowmill-budgets.ts';
export type { BudgetInfo } from '../contract/budget.ts';
export type { ConnectOptions } from '../temporal/connection.ts';
export type { Env } from '../env.ts';
export type { EstimatedNight, Estimate } from './pipelines/estimate.ts';
export type { ProgressUpdate } from './runs/watch.ts';
export type { PreparedStart } from './pipelines/stage.ts';
export type { FreshRun } from './runs/lookup/fresh-runs.ts';
export type { ListRunsOptions, RunFilter, RunPage } from './runs/lookup/list.ts';
export type { LastKnown, LiveProgress } from './runs/lookup/live-progress.ts';
export type { PipelineSource, RowsOverride } from './pipelines/read.ts';
export type { StartPlan } from './pipelines/prepare.ts';
export type { ExportedFile } from './runs/files/results.ts';
export type { CompletedWork } from './runs/lookup/repeated-work.ts';
export type { RunInfo } from './runs/lookup/list.ts';
export type { ReplacedFile } from './runs/files/replaced-files.ts';
export type { RunStatus } from './runs/status.ts';
export type { Republished } from './runs/files/publish.ts';
export type { StoredResults } from './runs/files/stored.ts';
export type { ForgetOptions, ForgetPlan, RowFiles } from './retention/forget.ts';
export type { OldRun, PruneOptions, PrunePlan } from './retention/prune.ts';
export type { SpendOptions } from './spend/report.ts';
export type { Availability } from '../temporal/task-queue.ts';
export type {
  AppliedSchedule,
  BackfillOptions,
  BackfillPlan,
  BackfillRange,
  DeletedSchedule,
  ClockChangeDay,
  PreparedSchedule,
  ScheduledRun,
  ScheduleDetails,
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
export type { MissedNight } from '../contract/notifications.ts';
export type { Pipeline, ResultTarget, TypePolicy } from '../contract/pipeline.ts';
export type {
  BadRowLine,
  CellCounts,
  CellOutcome,
  CellUsage,
  ChangeKind,
  ChangeLine,
  ChangesSummary,
  JudgedExpectation,
  PublishedFile,
  InvalidAnswerLine,
  QuarantineLine,
  ResultCell,
  ResultRow,
  TypedCell,
  TypedResultRow,
} from '../contract/results.ts';
export type { SpendBy, SpendGroup, SpendReport, SpendSums } from '../contract/spend.ts';
export type {
  Adjusted,
  AdjustRequest,
  ApproveRequest,
  CancelRequest,
  IncrementalSummary,
  NightOptions,
  Outcome,
  PauseRequest,
  RunProgress,
  RunSummary,
  Stage,
} from '../contract/run.ts';
