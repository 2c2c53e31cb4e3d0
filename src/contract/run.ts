import type { Pipeline } from './pipeline.ts';
import type { CellCounts, PublishedFile } from './results.ts';
import type { SnapshotRef } from './rows.ts';

/** What starts `enrichTable`; any Temporal client in any language may send it as JSON. */
export interface EnrichTableInput {
  pipeline: Pipeline;
  /** Rows already frozen in the store by the client; without it the worker reads the source. */
  snapshot?: SnapshotRef;
  /** The estimate has been approved where the run was started (`--yes`). */
  approved?: boolean;
}

export type Outcome = 'completed' | 'partial' | 'failed' | 'cancelled';

export type Stage =
  | 'preparing rows'
  | 'waiting for approval'
  | 'waiting for credits'
  | 'waiting for credentials'
  | 'creating table'
  | 'loading rows'
  | 'starting run'
  | 'running'
  | 'collecting results'
  | 'rerunning failed cells'
  | 'publishing results'
  | 'finished';

export interface ApiCalls {
  total: number;
  polls: number;
}

/** What a finished run returns, and what `--json` prints (plus `ui`). */
export interface RunSummary {
  workflowId: string;
  runId: string;
  outcome: Outcome;
  tableId: string | null;
  rows: number;
  cells: CellCounts;
  /** Runs of the table: 1 + reruns. */
  passes: number;
  apiCalls: ApiCalls;
  /** Difference of the account's balance; `null` where it could not be read. */
  creditsSpent: number | null;
  results: PublishedFile[];
  quarantine: { path: string; cells: number } | null;
  manifest: string | null;
}

/** Answer of the query `progress`. Times are epoch ms, durations ms. */
export interface RunProgress {
  pipeline: string;
  stage: Stage;
  outcome: Outcome | null;
  startedAtMs: number;
  deadlineAtMs: number;
  /** When the counts were read. */
  asOfMs: number;
  tableId: string | null;
  tableUrl: string | null;
  rows: number;
  /** 0 before the first run of the table. */
  pass: number;
  cells: { total: number; done: number; inProgress: number; failed: number | null };
  /** By the last sweep, by column key. */
  byColumn: Record<string, CellCounts>;
  /** Done cells per minute in this pass; `null` before anything moved. */
  cellsPerMinute: number | null;
  leftMs: number | null;
  estimatedCredits: number;
  creditsBefore: number | null;
  apiCalls: ApiCalls;
  /** Last problem in one line, for people. */
  problem: string | null;
}
