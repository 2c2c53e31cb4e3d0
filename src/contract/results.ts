import type { CellsByColumn } from './ask-reasons.ts';
import type { Json } from './json.ts';
import type { Outcome } from './outcome.ts';

/**
 * Outcome of a cell. `empty`: done, without a value. `blocked`: an upstream cell did not get done.
 * `pending`: never started or never finished. `skipped`: not asked for, because its
 * conditions do not hold or its row left the source.
 */
export type CellOutcome = CountedOutcome | 'skipped';

/** Outcomes of cells that the pipeline asks for. */
export type CountedOutcome = 'done' | 'empty' | 'failed' | 'blocked' | 'pending';

/** Statuses of a cell whose answer has the type of its column. */
export const CELL_STATUSES: readonly (CellOutcome | 'invalid')[] = [
  ...(['done', 'empty', 'failed', 'blocked', 'pending', 'skipped'] as const),
  'invalid',
];

/** Number of cells by outcome. `skipped` is left out: none. */
export type CellCounts = Record<CountedOutcome, number> & { skipped?: number };

/** Usage of cells, if the provider reports it. `price` is in the provider's own currency. */
export interface CellUsage {
  requests: number;
  price: number;
  inputTokens: number;
  outputTokens: number;
  /** Cells without a reported price: not free; `price` is of the others. Left out: none. */
  unpriced?: number;
}

/** Rules of an expectation about the values of answers. */
export const VALUE_RULES = ['oneOf', 'type', 'min', 'max'] as const;
export type ValueRule = (typeof VALUE_RULES)[number];

/** Number of answers that break each rule of an expectation. */
export type Misfits = Partial<Record<ValueRule, number>>;

/** Expectation of a column, judged. */
export interface JudgedExpectation {
  column: string;
  rule: 'filled' | ValueRule;
  /** Shares (0..1): of rows with an answer for `filled`, else of answers that fit. */
  wanted: number;
  found: number;
  met: boolean;
}

/** Result of one scan of the table's pages. */
export interface ScanResult {
  /** 1, 2, … within the run. */
  scan: number;
  rows: number;
  cells: CellCounts;
  byColumn: Record<string, CellCounts>;
  /** Part of `cells.pending`: requested, and running or stuck. */
  inFlight: number;
  /** Part of `cells.pending`: never requested, although all dependencies are done. */
  startable: number;
  /** Failed before, asked for by a rerun, and answered since the scan before. */
  repaired: number;
  /** Part of `cells.failed`: not requested by a rerun so far. */
  neverRerun: number;
  /** Part of `cells.pending`: requested by a pass, not started, without a failed dependency. */
  waiting: number;
  /** Part of `cells.failed`: requested by a rerun, and not failed again since. */
  untouched: number;
  /** Part of `startable`: not requested by a run since they could start. */
  due: number;
  /**
   * Cells that each kind of pass would ask for, by column key. Left out: none; a kind left out has
   * none.
   */
  asks?: Record<string, CellsByColumn>;
  /** Cells of the canary by column, while the rest waits. Left out: no rows wait. */
  canary?: Record<string, CellCounts>;
  /** Part of `cells.pending`: conditions of a cell are not decided. Left out: none. */
  undecided?: number;
  /** Part of `cells.pending`: conditions hold, and no pass has asked for them. Left out: none. */
  staged?: number;
  /** Part of `cells.failed`: a night asks for them in no pass. Left out: none. */
  left?: number;
  /** Answers that a night does not ask for again. Left out: this is no first scan of a night. */
  kept?: number;
  /** Cells of columns that the provider adds by itself. */
  automatic: { done: number; failed: number };
  /** Part of `cells.pending`: wait for such an automatic column. */
  behindAutomatic: number;
  /** Cells wait, and the account has no credits. Left out: it has some, or does not say. */
  outOfCredits?: true;
  /** Usage by column key, of the last computation of each cell; left out if not reported. */
  usage?: Record<string, CellUsage>;
  /** Answers that break expectations, by column. Left out: no values are expected. */
  misfits?: Record<string, Misfits>;
  /** Second rows of a key: a request was committed twice. Left out: none. */
  duplicateRows?: number;
  /** The table changed all the time while it was read. Left out: it did not. */
  tableChangedDuringScan?: true;
  /** Rows that no page could be read with: their cells count as blocked. Left out: none. */
  rowsUnreadable?: number;
}

/** Line of `results.jsonl`. */
export interface ResultRow {
  key: string;
  rowId: string;
  input: Record<string, Json>;
  /** The other columns of the source (`rows.keep`). Left out: there are none. */
  source?: Record<string, Json>;
  cells: Record<string, ResultCell>;
  /** Every cell is done, with a value. */
  complete: boolean;
  /** The row has left the source (`refresh.vanished: mark`). Left out: it has not. */
  vanished?: true;
}

export interface ResultCell {
  status: CellOutcome;
  /** The answer itself; `null` unless the status is `done`. */
  value: Json;
  explanation?: string;
  sources?: Json[];
  updatedAt?: string;
  /** Usage of its last computation, if the provider reports it. */
  usage?: CellUsage;
}

/** Cell whose answer has the type of its column. */
export interface TypedCell<Answer = Json> extends Omit<ResultCell, 'status' | 'value'> {
  /** `invalid`: the answer has another type; the quarantine has it. */
  status: CellOutcome | 'invalid';
  /** The answer itself; `null` unless the status is `done`. */
  value: Answer | null;
}

/**
 * Result row with typed answers.
 *
 * @typeParam Answers type of the answers by column, as `rowmill schema --results` prints it
 */
export interface TypedResultRow<Answers extends object = Record<string, Json>> extends Omit<
  ResultRow,
  'cells'
> {
  cells: { [Column in keyof Answers]: TypedCell<Answers[Column]> };
}

/** Line of `<name>.quarantine.jsonl`. */
export interface QuarantineLine {
  key: string;
  column: string;
  status: CellOutcome;
  reason: string;
  /** Runs that asked for this cell. */
  attempts: number;
}

/** Line of the same file for an answer of another type than its column. */
export interface InvalidAnswerLine {
  key: string;
  column: string;
  status: 'invalid';
  reason: string;
  /** Answer as the provider gave it. */
  answer: Json;
}

/** Line of the same file for a source row that `rows.skipBad` or `rows.duplicates` left out. */
export interface BadRowLine {
  /** `null` where it has none. */
  key: string | null;
  column: null;
  status: 'bad row';
  reason: string;
  attempts: 0;
  /** Line in the file, or number in the list, from 1. */
  line: number;
}

/**
 * Kinds of a change. `new` and `vanished`: the row. `lost`: a column had an answer, and has none.
 * `changed`: any other difference.
 */
export const CHANGE_KINDS = ['new', 'changed', 'vanished', 'lost'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Line of `<name>.changes.jsonl`: a row that differs from the last publication. */
export interface ChangeLine {
  key: string;
  change: ChangeKind;
  /** Answers that differ; `null` is no answer. */
  columns: Record<string, { from: Json; to: Json }>;
  /** ISO time of the comparison, the same in all lines of a file. */
  at: string;
}

/** Number of rows by kind of change. */
export type ChangeCounts = Record<ChangeKind, number>;

/** Differences of a publication from the one before it at the same target. */
export interface ChangesSummary extends ChangeCounts {
  path: string;
  /** Workflow id of the run that published before; `null`: none did, or one of another owner. */
  since: string | null;
}

/** Results of an earlier run, where new ones are published. */
export interface ExistingResults {
  /** `null`: a run of another owner. */
  workflowId: string | null;
  outcome: Outcome;
  /** Number of its cells with an answer. */
  answered: number;
}

export interface PublishedFile {
  path: string;
  rows: number;
  bytes: number;
  /** Hex. */
  sha256: string;
}
