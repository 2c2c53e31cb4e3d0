/** A table at the provider, as far as a run needs to know it. */
export interface TableRef {
  id: string;
  /** The provider's web page of the table, where it has one. */
  url: string | null;
  /** Sheet in use, where tables have sheets. */
  sheetId?: string;
  /**
   * Rows at the beginning that the provider added and that stay empty, with their computed cells. A run names its
   * rows then: those behind them.
   */
  placeholderRows?: { rows: number; cells: number; ids: string[] };
  /** True if its runs can be cancelled at the provider. */
  cancellable?: true;
  columns: Column[];
}

export interface Column {
  /** Provider's id: what runs are scoped by. */
  id: string;
  /** Key of its cells. */
  key: string;
  name: string;
  /** Filled from the rows, never computed. */
  input: boolean;
  /** Asked for in the pipeline file (the rest the provider added by itself). */
  ours: boolean;
  /** True if no pipeline column needs it. Left out: it is needed. */
  stray?: true;
  /** Keys of the columns that must be done on the same row before this one starts. */
  dependsOn: string[];
}

/**
 * Normalized status. `pending`: not requested yet. `running`: requested or in progress. `unknown`:
 * an unknown word, treated as not finished.
 */
export type CellStatus = 'pending' | 'running' | 'done' | 'failed' | 'unknown';

/** Reading of a table's progress. All counts are of computed (not input) cells. */
export interface TableProgress {
  /** `null` where counting rows is a request of its own (`rowCount`). */
  rows: number | null;
  /** The provider's own flag. */
  running: boolean;
  cellsTotal: number;
  cellsDone: number;
  cellsInProgress: number;
  /** `null` where the provider does not count them. */
  cellsFailed: number | null;
}

/** Mode of a run. */
export type RunMode = 'new' | 'all' | 'failed';

/** Reference to a table run, by which its progress is read. */
export interface TableRunRef {
  /** Ids of the remote operations, where the provider has them. */
  operations: string[];
  /** Cells the provider says it queued; `null` when the reply was lost. */
  requestedCells: number | null;
  /** State of the table before the run, from which operations count. */
  before?: { cellsTotal: number; cellsDone: number };
}
