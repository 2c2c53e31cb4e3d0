/** A table at the provider, as far as a run needs to know it. */
export interface TableRef {
  id: string;
  /** The provider's web page of the table, where it has one. */
  url: string | null;
  /** Where tables have sheets: the one that is used. */
  sheetId?: string;
  /**
   * Rows at the beginning that the provider added and that stay empty, with their computed cells. A run names its
   * rows then: those behind them.
   */
  placeholderRows?: { rows: number; cells: number; ids: string[] };
  /** Its runs can be stopped at the provider. */
  cancellable?: true;
  columns: Column[];
}

export interface Column {
  /** Provider's id: what runs are scoped by. */
  id: string;
  /** What cells are addressed by. */
  key: string;
  name: string;
  /** Filled from the rows, never computed. */
  input: boolean;
  /** Asked for in the pipeline file (the rest the provider added by itself). */
  ours: boolean;
  /** Nobody needs it: neither ours, nor known to be one that ours wait for. Left out: it is needed. */
  stray?: true;
  /** Keys of the columns that must be done on the same row before this one starts. */
  dependsOn: string[];
}

/**
 * Our words for a cell. `pending`: not asked for yet. `running`: asked for or under way.
 * `unknown`: a word we have never seen; treated as not finished.
 */
export type CellStatus = 'pending' | 'running' | 'done' | 'failed' | 'unknown';

/** One reading of how far a table is. All counts are of computed (not input) cells. */
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

/** What is asked of a run. */
export type RunMode = 'new' | 'all' | 'failed';

/** What a provider answered when a run was started; kept so that progress can be read by it. */
export interface TableRunRef {
  /** Ids of the remote operations, where the provider has them. */
  operations: string[];
  /** Cells the provider says it queued; `null` when the reply was lost. */
  requestedCells: number | null;
  /** How the table stood before: operations count from there. */
  before?: { cellsTotal: number; cellsDone: number };
}
