import type { DayBudgetPolicy } from './budget.ts';
import type { NotifyTarget } from './notify.ts';
import type { Json, JsonObject } from './json.ts';

/** A pipeline file after validation: defaults filled in, durations in ms, paths absolute. */
export interface Pipeline {
  name: string;
  provider: string;
  table: TableSpec;
  rows: RowsSpec;
  run: RunPolicy;
  spend: SpendPolicy;
  /** Cells of a lasting table that are asked for again. Left out: only failed ones. */
  refresh?: RefreshPolicy;
  results: ResultTarget[];
  /** Tables of databases that get the results. Left out: none. */
  tables?: TableTarget[];
  /** Types of answers by column, in place of those that the column configs say. */
  types?: Record<string, AnswerType>;
  /** Conditions by column: its cells are asked for only where all of them hold. */
  when?: When;
  /** Rows that go through all columns before the rest. */
  canary?: Canary;
  /** Expectations of the answers by column. */
  expect?: Record<string, Expectation>;
  /** Effect of a failed expectation. Left out: `hold`. */
  onFailedExpectation?: FailedExpectationPolicy;
  /** Rules of the comparison with the last publication. Left out: every difference counts. */
  changes?: ChangesPolicy;
  /** False: no report is written beside the results. Left out: it is. */
  report?: false;
  /** Receivers of messages about its runs and its schedule. */
  notify?: NotifyTarget[];
}

export interface TableSpec {
  /** Provider's table kind, if it has kinds (Extruct: company | people | generic). */
  kind?: string;
  /** One table for all runs of the pipeline. Left out: one for each run. */
  keep?: true;
  description?: string;
  tags: string[];
  /** Other table settings, in the provider's own names. */
  settings?: JsonObject;
  /** The provider's own column configs, verbatim. */
  columns: ColumnConfig[];
}

export type ColumnConfig = JsonObject;

export interface RowsSpec {
  source: RowsSource;
  /** Source column that identifies a row for ever; unique. */
  key: string;
  /** Table input column ← source column. */
  map: Record<string, string>;
  /** Columns of the source that come back with the results. Left out: `all` that are not mapped. */
  keep?: 'all' | string[];
  /** Share of rows (0..1) that may be left out because they cannot be used. Left out: 0. */
  skipBad?: number;
  /** Treatment of later rows of a key. Left out: `refuse`. */
  duplicates?: DuplicatesPolicy;
}

/** Later rows of a key. `refuse`: they cannot be used. `first`: they are left out. */
export const DUPLICATES_POLICIES = ['refuse', 'first'] as const;
export type DuplicatesPolicy = (typeof DUPLICATES_POLICIES)[number];

export type RowsFormat = 'csv' | 'jsonl' | 'json';

export type RowsSource =
  | { type: 'file'; path: string; format: RowsFormat }
  /** Standard input; without a format it is detected from the first character. */
  | { type: 'stdin'; format?: RowsFormat }
  | { type: 'inline'; rows: Record<string, Json>[] }
  /** An `https` address. Without a format: detected from the first character. */
  | { type: 'url'; url: string; format?: RowsFormat }
  /** Rows of a query; `urlEnv` names the variable with the address of the server. */
  | { type: 'postgres'; urlEnv: string; query: string };

export interface RunPolicy {
  /** `all` pays for cells that already have a value; never the default. */
  mode: 'new' | 'all';
  /** Reruns of failed cells; 0 = none. */
  failedPasses: number;
  /** Share of cells (0..1) that may end without an answer before the outcome is `partial`. */
  tolerateFailed: number;
  /** Time from the start of the run after which it publishes its answers. */
  deadlineMs: number;
  /** Time without progress after which a pass is stalled. */
  stallAfterMs: number;
  minPollIntervalMs: number;
  maxPollIntervalMs: number;
}

/**
 * Action of a run where a pass would exceed `spend.maxCredits`. `publish`: asks for what fits, and
 * publishes. `ask`: waits for an approval, which raises the ceiling.
 */
export const CEILING_POLICIES = ['publish', 'ask'] as const;
export type CeilingPolicy = (typeof CEILING_POLICIES)[number];
export interface RefreshPolicy {
  /** Maximum age of an answer in ms, by column key. A column that is left out never becomes old. */
  columns: Record<string, number>;
  /** Cells without an answer of earlier runs. */
  failed: 'retry' | 'leave';
  /** Rows that left the source: they stay, stay with a mark in the results, or are deleted. */
  vanished: 'keep' | 'mark' | 'drop';
}

export interface SpendPolicy {
  creditsPerCell: number;
  /** Ceiling of the run, over all passes. Without `onCeiling` an estimate above it is refused. */
  maxCredits?: number;
  /** Treatment of cells above the ceiling: not asked for, or an approval raises it. */
  onCeiling?: CeilingPolicy;
  /** Wait for an approval above. */
  approveAbove?: number;
  /** Budget of a day, shared with all pipelines that name it. */
  perDay?: DayBudgetPolicy;
}

export interface ResultTarget {
  /** Absolute path. */
  to: string;
  /** Format that a sink writes (src/sinks/index.ts). */
  format: string;
  /**
   * Outcomes that are published here: `partial` includes completed, `always` all. Left out: all,
   * but an interrupted run never replaces more complete results of the same pipeline.
   */
  when?: 'always' | 'completed' | 'partial';
  /** Treatment of answers of another type. Left out: the default of the format. */
  types?: TypePolicy;
  /** Options for CSV only. */
  csv?: CsvOptions;
}

/** Treatment of rows that are already in a table. */
export const TABLE_MODES = ['upsert', 'append', 'replace'] as const;

/** Table of PostgreSQL. */
export interface PostgresTarget {
  /** Environment variable with the address of the server, where the worker runs. */
  urlEnv: string;
  /** `schema.table`; without a schema in `public`. */
  table: string;
  /**
   * `upsert`: rows of the same key are updated. `append`: rows are added. `replace`: all rows of the
   * table are deleted first, in the same transaction.
   */
  mode: (typeof TABLE_MODES)[number];
}

/** Table of a database that gets the results. */
export interface TableTarget extends Pick<ResultTarget, 'when' | 'types'> {
  postgres: PostgresTarget;
}

/**
 * Treatment of answers by their types. `off`: they are written as they are. `check`: an answer of
 * another type is `invalid`. `coerce`: an unambiguous form of the type is converted first.
 */
export const TYPE_POLICIES = ['off', 'check', 'coerce'] as const;
export type TypePolicy = (typeof TYPE_POLICIES)[number];

/** Conditions of columns: column → column of the table or of the source → condition. */
export type When = Readonly<Record<string, Readonly<Record<string, Condition>>>>;

/** Condition on a value; all of its rules must hold. */
export interface Condition {
  empty?: boolean;
  oneOf?: (string | number | boolean)[];
  noneOf?: (string | number | boolean)[];
  atLeast?: number;
  atMost?: number;
  /** Pattern of RE2, found anywhere in the text. */
  matches?: string;
}

export const CANARY_PICKS = ['spread', 'first'] as const;

/** Rows that go through all columns first, and are judged. */
export interface Canary {
  /** Number of rows. */
  rows: number;
  /** `spread`: over the list. `first`: the first ones. A list: the rows of these keys. */
  pick: (typeof CANARY_PICKS)[number] | string[];
}

/** Expectation about the answers of a column. */
export interface Expectation {
  /** Least share (0..1) of rows that have an answer. */
  filled?: number;
  oneOf?: (string | number | boolean)[];
  type?: AnswerType;
  min?: number;
  max?: number;
  /** Least share (0..1) of answers that fit `oneOf`, `type`, `min` and `max`. Left out: all. */
  fits?: number;
}

export const ANSWER_TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
export type AnswerType = (typeof ANSWER_TYPES)[number];

/**
 * `hold`: the run waits for an approval, and the last results stay. `partial`: the outcome. `warn`:
 * nothing but a caution.
 */
export const FAILED_EXPECTATION_POLICIES = ['hold', 'partial', 'warn'] as const;
export type FailedExpectationPolicy = (typeof FAILED_EXPECTATION_POLICIES)[number];

/** Differences between two publications that are not reported. */
export interface ChangesPolicy {
  /** Columns that are not compared. */
  ignore?: string[];
  /** Column → share (0..1) by which a number may differ. */
  tolerance?: Record<string, number>;
  /** `normalised`: case, white space and punctuation do not count. Left out: `exact`. */
  text?: 'exact' | 'normalised';
}

export interface CsvOptions {
  /**
   * Text that a spreadsheet would calculate: `verbatim` as it is, `quoted` with an apostrophe before it.
   * Left out: keys verbatim, everything else quoted.
   */
  formulas?: 'verbatim' | 'quoted';
  /** A byte order mark first, by which Excel knows UTF-8. */
  bom?: boolean;
  /** A column with the explanation beside each answer. */
  explanations?: boolean;
  /** A column with the sources beside each answer. */
  sources?: boolean;
}
