import type { Json } from './json.ts';
import type { Outcome } from './outcome.ts';

/**
 * How a cell ended. `empty`: done, without a value. `blocked`: an upstream cell never got done.
 * `pending`: never started or never finished.
 */
export type CellOutcome = 'done' | 'empty' | 'failed' | 'blocked' | 'pending';

export type CellCounts = Record<CellOutcome, number>;

/** What cells took, where the provider says so. `price` is in the provider's own currency. */
export interface CellUsage {
  requests: number;
  price: number;
  inputTokens: number;
  outputTokens: number;
  /** Cells without a reported price: not free; `price` is of the others. Left out: none. */
  unpriced?: number;
}

/** What one scan over the table's pages found. */
export interface ScanResult {
  /** 1, 2, … within the run. */
  scan: number;
  rows: number;
  cells: CellCounts;
  byColumn: Record<string, CellCounts>;
  /** Of `cells.pending`: asked for, still running or stuck. */
  inFlight: number;
  /** Of `cells.pending`: never asked for, though everything they depend on is done. */
  startable: number;
  /** Failed before, asked for by a rerun, and answered since the scan before. */
  repaired: number;
  /** Of `cells.failed`: no rerun has asked for them so far. */
  neverRerun: number;
  /** Of `cells.pending`: requested by a pass, not started, and no cell that they depend on has failed. */
  waiting: number;
  /** Of `cells.failed`: asked for by a rerun, and not failed anew since. */
  untouched: number;
  /** Of `startable`: no run has asked for them since they could start. */
  due: number;
  /** Cells of columns that the provider adds by itself. */
  automatic: { done: number; failed: number };
  /** Of `cells.pending`: wait for such a column. */
  behindAutomatic: number;
  /** Cells wait, and the account has no credits. Left out: it has some, or does not say. */
  outOfCredits?: true;
  /** By column key, of the last computation of each cell; left out where the provider reports none. */
  usage?: Record<string, CellUsage>;
  /** Second rows of a key: a request was committed twice. Left out: none. */
  duplicateRows?: number;
  /** The table changed all the time while it was read. Left out: it did not. */
  tableChangedDuringScan?: true;
  /** Rows that no page could be read with: their cells count as blocked. Left out: none. */
  rowsUnreadable?: number;
}

/** One line of `results.jsonl`. */
export interface ResultRow {
  key: string;
  rowId: string;
  input: Record<string, Json>;
  /** The other columns of the source (`rows.keep`). Left out: there are none. */
  source?: Record<string, Json>;
  cells: Record<string, ResultCell>;
  /** Every cell is done, with a value. */
  complete: boolean;
}

export interface ResultCell {
  status: CellOutcome;
  /** The answer itself; `null` unless the status is `done`. */
  value: Json;
  explanation?: string;
  sources?: Json[];
  updatedAt?: string;
  /** Of its last computation, where the provider says so. */
  usage?: CellUsage;
}

/** One line of `<name>.quarantine.jsonl`. */
export interface QuarantineLine {
  key: string;
  column: string;
  status: CellOutcome;
  reason: string;
  /** Runs that asked for this cell. */
  attempts: number;
}

/** The same file's line for a row of the source that `rows.skipBad` left out. */
export interface BadRowLine {
  /** `null` where it has none. */
  key: string | null;
  column: null;
  status: 'bad row';
  reason: string;
  attempts: 0;
  /** From 1: the line in the file, or the number in the list. */
  line: number;
}

/** Results of an earlier run, where new ones are published. */
export interface ExistingResults {
  workflowId: string;
  outcome: Outcome;
  /** Its cells that have an answer. */
  answered: number;
}

export interface PublishedFile {
  path: string;
  rows: number;
  bytes: number;
  /** Hex. */
  sha256: string;
}
