import type { AskReason } from './ask-reasons.ts';
import type { BudgetWait } from './budget.ts';
import type { Notified } from './notify.ts';
import type { Outcome } from './outcome.ts';
import type { Pipeline } from './pipeline.ts';
import type {
  CellCounts,
  CellUsage,
  ChangesSummary,
  ExistingResults,
  JudgedExpectation,
  PublishedFile,
} from './results.ts';
import type { SnapshotRef } from './rows.ts';

/** Argument that starts `enrichTable`; a Temporal client in any language may send it as JSON. */
export interface EnrichTableInput {
  pipeline: Pipeline;
  /** Rows already frozen in the store by the client; without it the worker reads the source. */
  snapshot?: SnapshotRef;
  /** The estimate has been approved where the run was started (`--yes`). */
  approved?: boolean;
  /** Goes on with the table of a run that has ended: only failed and open cells are asked for. */
  previousRun?: PreviousRunRef;
  /** Options of a run on a lasting table beside what is due. Left out: none. */
  night?: NightOptions;
}

/** Options of one run on a lasting table. */
export interface NightOptions {
  /** Asks for every cell once, whatever its age. */
  full?: boolean;
  /** Gives the table the columns of the file, and overwrites inputs that were edited there. */
  apply?: boolean;
  /** Makes a new table in place of the one that the pipeline had. */
  newTable?: boolean;
}

/** Names a run that has ended: its folder in the store, and its table. */
export interface PreviousRunRef {
  workflowId: string;
  firstRunId: string;
  /** Table id, if known; otherwise it is found by the run's manifest or the table's tag. */
  tableId?: string;
  /** The previous run of that run, where it may have ended before it had prepared anything. */
  previousRun?: PreviousRunRef;
}

export type { Outcome };

export type Stage =
  | 'preparing rows'
  | 'waiting for the table'
  | 'waiting for approval'
  | 'waiting for credits'
  | 'waiting for budget'
  | 'waiting for credentials'
  | 'waiting for the API'
  | 'creating table'
  | 'loading rows'
  | 'starting run'
  | 'running'
  | 'paused'
  | 'collecting results'
  | 'rerunning failed cells'
  | 'publishing results'
  | 'finished';

export interface ApiCalls {
  total: number;
  polls: number;
}

/** Large runs that the provider asked to confirm, and that were confirmed. */
export interface LargeRunConfirmations {
  requests: number;
  /** Number of cells in the provider's questions. */
  cells: number;
}

/** A provider would run more cells than it was asked to. */
export interface CellCountMismatch {
  requested: number;
  affected: number;
}

/** A ceiling that a run has reached. */
export interface CeilingReached {
  /** Credits that the run might ask for. */
  maxCredits: number;
  /** Credits of the cells that it asked for, over all passes. */
  asked: number;
  /** Cells that were never asked for. */
  cellsNotAsked: number;
}

/** Request to an operator to approve a spend. */
export interface ApprovalRequest {
  /** Credits of the whole run, about. */
  credits: number;
  /** Mismatch, if the provider would run more cells; else `null`. */
  cells: CellCountMismatch | null;
  /** Ceiling of the run that the credits exceed, and the approval raises. Left out: they do not. */
  ceiling?: number;
  /** Expectations that the results fail, which are published if approved. Left out: it is a spend. */
  failed?: JudgedExpectation[];
  /** Canary whose rest is asked for if approved. Left out: it is no rest of a canary. */
  canary?: CanaryFigures;
}

/** Figures of a canary that is over. */
export interface CanaryFigures {
  rows: number;
  /** Rows of the list. */
  of: number;
  /** Credits of the cells that the canary asked for. */
  credits: number;
  /** Expectations, judged by its rows. Left out: there are none. */
  expectations?: JudgedExpectation[];
}

/** An approval and its origin. */
export interface Approval extends ApprovalRequest {
  /** Origin: the start of the run, the update `approveSpend`, or `spend.approveAbove`. */
  how: 'start' | 'update' | 'policy';
  /** Sender of the update, if given. */
  by: string | null;
  atMs: number;
}

/** Argument of the update `approveSpend`; all of it is optional. */
export interface ApproveRequest {
  /** Name of the operator, shown as it is. */
  by?: string;
}

/** Argument of the update `pause`; all of it is optional. */
export interface PauseRequest {
  /** Reason, shown as it is. */
  reason?: string;
  /** Name of the operator, shown as it is. */
  by?: string;
}

/** Argument of the signal `cancelRequest`; all of it is optional. */
export interface CancelRequest {
  /** Name of the operator or caller, shown as it is. */
  by?: string;
}

/** Argument of the update `adjust`: what may change while a run lives. */
export interface AdjustRequest {
  /** Deadline from the start of the run, as in the pipeline file: `8h`, or ms. */
  deadline?: string | number;
  /** Longest time between two polls: `60s`, or ms. */
  maxPollInterval?: string | number;
}

/** Answer of the update `adjust`. */
export interface Adjusted {
  /** Epoch ms. */
  deadlineAtMs: number;
  maxPollIntervalMs: number;
}

/** Pause of a run. */
export interface Pause {
  sinceMs: number;
  reason: string | null;
  by: string | null;
  /** Stage that the pause suspended. */
  at: Stage;
}

/** Cells that the provider still works on, and charges for, though the run has ended. */
export interface StillRunning {
  cells: number;
  tableId: string;
  tableUrl: string | null;
}

/** Outcome of the run that a rerun continues. */
export interface PreviousRunSummary {
  workflowId: string;
  /** `null` where it left no manifest. */
  outcome: Outcome | null;
  cells: CellCounts | null;
}

/** Differences of a run on a lasting table from the last one, and the cells that it asked for. */
export interface IncrementalSummary {
  rowsNew: number;
  rowsChanged: number;
  /** Rows that are in the source no longer. */
  rowsVanished: number;
  /** Cells that were due, by reason. A reason without cells is left out. */
  due: Partial<Record<AskReason, number>>;
  /** Answers that were kept. */
  kept: number;
  /** Rows whose inputs were edited at the provider: they stay as they are. Left out: none. */
  rowsDrifted?: number;
  /** Columns whose config in the file waits for `rowmill apply`. Left out: none. */
  columnsWaiting?: string[];
  /** Columns whose config was edited at the provider. Left out: none. */
  columnsDrifted?: string[];
}

/** Table of a database that has the results of a run. */
export interface PublishedTable {
  /** Name of the target, like `postgres:WAREHOUSE_URL/gtm.sp500`. */
  to: string;
  rows: number;
}

/** Target that could not be written. */
export interface FailedTarget {
  to: string;
  /** Description of the problem and its remedy. */
  problem: string;
}

/** Result of a run, also printed by `--json` (plus `ui`). */
export interface RunSummary {
  workflowId: string;
  runId: string;
  outcome: Outcome;
  /** Reason of the outcome; `null` when the run simply completed. */
  reason: string | null;
  tableId: string | null;
  rows: number;
  cells: CellCounts;
  /** Runs of the table: 1 + reruns. */
  passes: number;
  apiCalls: ApiCalls;
  /** Requested cells × price, with any result. */
  creditsSpent: number;
  /**
   * Cells that all passes asked for, by reason; a cell that was asked for twice counts twice. Left
   * out: nothing was asked for.
   */
  asked?: Partial<Record<AskReason, number>>;
  /**
   * Change of the account's balance during the run, other runs and users included. `null` if it
   * could not be read.
   */
  balanceChange: number | null;
  /**
   * Usage by the provider's report, as of the last computation of each cell: without earlier
   * attempts and other work. `null` if not reported, or nothing was read.
   */
  usage: CellUsage | null;
  results: PublishedFile[];
  /** Tables of databases that have the results. Left out: none. */
  tables?: PublishedTable[];
  /** Targets that could not be written; the results are in the store. Left out: none. */
  failedTargets?: FailedTarget[];
  /** Targets that kept what they had. Left out: none. */
  notPublished?: { path: string; reason: string; existing: ExistingResults | null }[];
  /** Targets whose fuller results, of the same pipeline, were replaced. Left out: none. */
  replacedFuller?: { path: string; existing: ExistingResults }[];
  /** `rows`: of the source, left out by `rows.skipBad` or `rows.duplicates`. Left out: none. */
  quarantine: { path: string; cells: number; rows?: number } | null;
  manifest: string | null;
  /** Path of the report beside the first target. Left out: there is none. */
  report?: string;
  /** Reason that the report could not be written. Left out: it could, or is off. */
  reportProblem?: string;
  /** Differences from the last publication at the first target. Left out: nothing was compared. */
  changes?: ChangesSummary;
  /** Canary that went before the rest. Left out: there was none. */
  canary?: CanaryFigures;
  /** Expectations of the pipeline, judged by the last table scan. Left out: there are none. */
  expectations?: JudgedExpectation[];
  /** Reason that published results could not be compared. Left out: they could. */
  changesProblem?: string;
  /** `null`: nothing the run asked for is still in progress. */
  stillRunning: StillRunning | null;
  /** Outcome of the previous run, of a rerun. */
  previousRun: PreviousRunSummary | null;
  /** Rows of the source that `rows.skipBad` or `rows.duplicates` left out. Left out: none. */
  badRows?: number;
  /** Answers of another type than their column, by column. Left out: none, or not checked. */
  invalid?: Record<string, number>;
  /** Second rows of a key that stay in the table: never run, not in the results. Left out: none. */
  duplicateRows?: number;
  /**
   * The table kept changing while it was read: each row came exactly once, its cells may be of different
   * moments. Left out: it did not.
   */
  tableChangedDuringScan?: true;
  /** Rows that no page could be read with; the quarantine names them. Left out: none. */
  rowsUnreadable?: number;
  /** Reason that the balance could not be read. Left out: it could, or there is none. */
  balanceProblem?: string;
  /** Warnings about the rows, where the worker read the source itself. Left out: none. */
  sourceWarnings?: string[];
  /** Cells that were cancelled before the provider started them: not paid for. Left out: none. */
  cellsCancelled?: number;
  /** The count is a lower bound: the reply to a cancel was lost. Left out: it is exact. */
  cellsCancelledIsMinimum?: boolean;
  /** Estimated credits of the run, without reruns. */
  estimatedCredits: number;
  /** Left out: the run had a table of its own. */
  incremental?: IncrementalSummary;
  /** Approvals of the spend. Left out: none was needed. */
  approvals?: Approval[];
  /** Left out: nothing was asked back. */
  confirmed?: LargeRunConfirmations;
  /** The provider says that it queued more cells than were asked for. Left out: it did not. */
  queuedMore?: CellCountMismatch;
  /** Ceiling of the run, where it kept cells from being asked for. Left out: it did not. */
  ceiling?: CeilingReached;
  /** Day budget of the pipeline, and what the run has reserved in it. Left out: there is none. */
  budget?: { name: string; credits: number };
  /** Deliveries of webhooks and messages. Left out: there are no receivers. */
  notified?: Notified[];
}

/** Answer of the query `progress`. Times are epoch ms, durations ms. */
export interface RunProgress {
  pipeline: string;
  stage: Stage;
  outcome: Outcome | null;
  startedAtMs: number;
  deadlineAtMs: number;
  /** Time when the counts were read. */
  asOfMs: number;
  tableId: string | null;
  tableUrl: string | null;
  rows: number;
  /** 0 before the first run of the table. */
  pass: number;
  /**
   * Counts; zero before there is a table. `failed` is `null` while cells are computed at a provider
   * that does not count them: `byColumn` has those of the last scan.
   */
  cells: { total: number; done: number; inProgress: number; failed: number | null };
  /** Counts of the last scan, by column key. */
  byColumn: Record<string, CellCounts>;
  /** Done cells per minute in this pass; `null` before anything moved. */
  cellsPerMinute: number | null;
  leftMs: number | null;
  /** Time of the last change; `null` while counts change. */
  quietSinceMs: number | null;
  /** Time without a change after which cells are asked for once more, then left open. */
  stallAfterMs: number;
  estimatedCredits: number;
  /** The request that waits for an approval; `null`: there is none. */
  pendingApproval: ApprovalRequest | null;
  creditsBefore: number | null;
  /** Cells requested so far × price. */
  creditsSpent: number;
  /** Change as in the summary; `null` before a second reading of the account. */
  balanceChange: number | null;
  /** Missing credits, about, while the run waits for credits. */
  creditsMissing: number | null;
  /** Ceiling as in the summary. */
  ceiling?: CeilingReached;
  /** Reservation that the run waits for, at the stage `waiting for budget`. Left out: none. */
  budgetWait?: BudgetWait;
  /** Usage of the last scan, as in the summary; `null` if not reported. */
  usage: CellUsage | null;
  apiCalls: ApiCalls;
  /** Result paths. */
  results: string[];
  /** The run's files in the store; `null` before the rows are prepared. */
  folder: string | null;
  /** Last problem in one line. */
  problem: string | null;
  /** Reason of the outcome; `null` while the run lives, and when it simply completed. */
  reason: string | null;
  /** The pause; it takes effect when the step in progress is over. */
  paused: Pause | null;
  /** Deliveries of webhooks and messages. */
  notified: Notified[];
  /** True if one more pass over the failed cells was requested. */
  rerunRequested: boolean;
  maxPollIntervalMs: number;
  /** Runs in progress that publish to a place of this one as it began, three at most. Left out: none. */
  sameTarget?: string[];
  /** Warnings about the rows, where the worker read the source itself. Left out: none. */
  sourceWarnings?: string[];
  /** Targets that could not be written. Left out: none so far. */
  failedTargets?: FailedTarget[];
  /** Answers of another type than their column, by column. Left out: none so far. */
  invalid?: Record<string, number>;
  /** Reason that the report could not be written. Left out: it could, or is off. */
  reportProblem?: string;
  /** Approvals as in the summary. */
  approvals?: Approval[];
  confirmed?: LargeRunConfirmations;
  queuedMore?: CellCountMismatch;
  tableChangedDuringScan?: true;
  duplicateRows?: number;
  rowsUnreadable?: number;
  balanceProblem?: string;
  cellsCancelled?: number;
  cellsCancelledIsMinimum?: boolean;
}

/** Body of the completion webhook (docs/guides/webhooks.md). */
export interface RunFinished {
  type: 'run.finished';
  /** ISO time of the end of the run; the same on every retry. */
  timestamp: string;
  data: RunSummary;
}
