import type { Json } from '../contract/json.ts';
import type { ColumnConfig, TableSpec } from '../contract/pipeline.ts';
import type { SnapshotRow } from '../contract/rows.ts';
import type { CellUsage } from '../contract/results.ts';
import type {
  CellStatus,
  RunMode,
  TableRunRef,
  TableProgress,
  TableRef,
} from '../contract/table.ts';
import { RowmillError, type ErrorContext } from '../errors.ts';

/** Context of every call: its cancellation, and the counting of requests. */
export interface CallContext {
  signal?: AbortSignal;
  /** Called once for each HTTP request sent, retries included. */
  onRequest?: (route: string) => void;
  /** Reads although the provider asked for a long pause: a few requests, whose replies explain it. */
  duringPause?: boolean;
  /** Marks reads as polls: they go after work, and each is needed within this time, ms. */
  pollWithinMs?: number;
  /** Repeats a failed read, for methods of several requests; undefined: no repeats. */
  repeatRead?: <R>(read: () => Promise<R>) => Promise<R>;
  /** Repeats a failed change that is known not to have been carried out; undefined: no repeats. */
  repeatUnsent?: <R>(send: () => Promise<R>) => Promise<R>;
  /** Called once for each confirmed run of many cells, also when the reply was lost. */
  onConfirmed?: (cells: number) => void;
  /** Called once for each reply to a cancel, with the number of cells that will not be paid. */
  onCancelled?: (cells: number) => void;
}

export interface Account {
  /** Credits left; `null` if the provider does not report them. */
  credits: number | null;
  /** Name of the account, for display. */
  label: string;
}

export interface FoundTable {
  id: string;
  /** ISO time. */
  createdAt: string;
  /** Number of rows; `null` if unknown, which counts as not empty. */
  rows: number | null;
}

/** Table whose columns are not known yet. */
export interface BareTable {
  id: string;
  /**
   * True right after an answered create, before any other request: no lost request can have changed
   * the table, so nothing has to be looked up.
   */
  untouched?: boolean;
  /** Sheet created with the table, where tables have sheets. */
  sheetId?: string;
}

export interface RunScope {
  mode: RunMode;
  columnIds: string[];
  /** Row ids; undefined: every row. */
  rowIds?: string[];
  /** Sends neither columns nor rows: the whole table is requested, as `columnIds` would. */
  whole?: true;
  /**
   * Approved number of cells. A provider that asks before a large run (PromptLayer) gets its
   * confirmation up to this number, and never without it. Above it `startTableRun` throws
   * `spend_refused`, or `UnapprovedCells` if the number is known.
   */
  maxCells?: number;
}

/** Row of the provider's table. */
export interface TableRow {
  id: string;
  /** Key of the row; `null` on a row that rowmill did not add. */
  key: string | null;
  /** Computed cells by column key. */
  cells: Record<string, TableCell>;
  /** Input cells by column key, if the page was requested with them. */
  inputs?: Record<string, InputCell>;
}

/** Value of a row in an input column. */
export interface InputCell {
  value: Json;
  /** Provider's id of the cell, where input cells are changed by their own ids. */
  id?: string;
}

/** Change of a row's inputs. */
export interface RowUpdate {
  /** Id of the row. */
  id: string;
  key: string;
  /** All inputs of the row, as `addRows` takes them. */
  input: Record<string, Json>;
  /** Input columns that change, with the cells that a page returned. `null` in `input`, or no value: cleared. */
  cells: Record<string, InputCell>;
}

/** Columns of a table, compared with a pipeline file. */
export interface ColumnComparison {
  /** Keys of columns of the file that the table does not have. */
  missing: string[];
  changed: ColumnDifference[];
  /** Columns that are neither of the file nor automatic. */
  others: { id: string; key: string; input: boolean }[];
}

/** Column whose config differs from the file. */
export interface ColumnDifference {
  id: string;
  key: string;
  /** Fields that differ, such as `value.prompt`. */
  fields: string[];
  /** True if the column cannot be changed in place: it must be deleted and created. */
  replace: boolean;
}

export interface TableCell {
  status: CellStatus;
  /** Status in the provider's own words. */
  rawStatus: string;
  value: Json;
  explanation?: string;
  sources?: Json[];
  updatedAt?: string;
  /** Reason of the failure, if the provider reports it. */
  reason?: string;
  /** Usage of the cell, if the provider reports it per cell. */
  usage?: CellUsage;
}

export interface Page {
  rows: TableRow[];
  /** Opaque cursor; `null` after the last page. */
  next: string | null;
  /** Row count of the table; `null` if the page does not report it. */
  total: number | null;
  /** Changes whenever the table does; left out if pages have no version. */
  version?: string;
}

export type PastRow =
  /** Cursors are row offsets, valid for pages of any size. `place` is the number of rows before one. */
  | {
      by: 'offset';
      skip: (cursor: string | null, rows: number) => string;
      place: (cursor: string | null) => number;
    }
  /**
   * Pages can be read only in order; a walk from the other end reaches the rows behind. `from` is
   * its first cursor, and its other cursors begin with it.
   */
  | { by: 'other end'; from: string };

export interface CancelledCells {
  /** Number of cells that will not be paid; `null` if the provider does not report it. */
  cells: number | null;
}

/** Plan of an account. */
export interface Plan {
  /** The plan in a few words; `null` if the reply does not name it. */
  text: string | null;
  /** Reason that it allows no changes; `null` without a known reason. */
  obstacle: string | null;
}

/**
 * Port to an AI-table API; one API step per method. Every method throws `RowmillError` with a code
 * of `src/errors.ts`. `ambiguous` on it means that the request may have been carried out. No method
 * repeats a request that is not safe to repeat.
 */
export interface Provider {
  readonly name: string;
  readonly limits: { rowsPerAdd: number; rowsPerPage: number };
  account(ctx: CallContext): Promise<Account>;
  /** Reads the plan of the account; `null` if the provider does not report plans. */
  readonly plan: ((ctx: CallContext) => Promise<Plan>) | null;
  /** Finds the tables that carry the tag, oldest first. */
  findTables(tag: string, ctx: CallContext): Promise<FoundTable[]>;
  /** Reads a table; `null` if it is gone or lacks the tag. */
  readTable(tableId: string, tag: string, ctx: CallContext): Promise<FoundTable | null>;
  createTable(spec: TableSpec, name: string, tag: string, ctx: CallContext): Promise<TableRef>;
  /** Returns the table with its columns; creates missing columns of the spec. */
  ensureColumns(table: BareTable, spec: TableSpec, ctx: CallContext): Promise<TableRef>;
  deleteTable(tableId: string, ctx: CallContext): Promise<void>;
  /** Appends rows in order; returns the ids of the new rows in the same order. */
  addRows(table: TableRef, rows: SnapshotRow[], ctx: CallContext): Promise<string[]>;
  /** Requests of `addRows` that may be on their way at once; 1 if the ids of rows are their places. */
  readonly addsAtOnce: number;
  /**
   * Deletes rows; `null` if that is not safe: duplicate rows are then left out of runs and results.
   */
  readonly deleteRows:
    ((table: TableRef, rowIds: string[], ctx: CallContext) => Promise<void>) | null;
  /**
   * Changes inputs of rows that exist. Safe to repeat before the rows are run: the values stay the
   * same. `null` if the provider cannot change rows.
   */
  readonly updateRows:
    ((table: TableRef, rows: readonly RowUpdate[], ctx: CallContext) => Promise<void>) | null;
  /** Compares the columns of the table with those of the file; `null` if configs cannot be read. */
  readonly compareColumns:
    ((table: TableRef, spec: TableSpec, ctx: CallContext) => Promise<ColumnComparison>) | null;
  /** Replaces a column's config by that of the file; `null` if the provider cannot. Safe to repeat. */
  readonly updateColumn:
    | ((table: TableRef, columnId: string, config: ColumnConfig, ctx: CallContext) => Promise<void>)
    | null;
  /** Deletes a column with its cells; `null` if the provider cannot. Safe to repeat. */
  readonly deleteColumn:
    ((table: TableRef, columnId: string, ctx: CallContext) => Promise<void>) | null;
  /** Returns the row count of the table, with one request. */
  rowCount(table: TableRef, ctx: CallContext): Promise<number>;
  startTableRun(table: TableRef, scope: RunScope, ctx: CallContext): Promise<TableRunRef>;
  progress(table: TableRef, tableRun: TableRunRef | null, ctx: CallContext): Promise<TableProgress>;
  /** Cancels the queued cells of a run; `null` if the provider cannot. Safe to repeat. */
  readonly cancelQueuedCells:
    | ((table: TableRef, tableRun: TableRunRef | null, ctx: CallContext) => Promise<CancelledCells>)
    | null;
  /** Method to continue behind a row that breaks every page with it; `null` without one. */
  readonly past: PastRow | null;
  /**
   * Reads a page of rows.
   * @param cursor `next` of the previous page; `null` for the first one
   * @param max Maximum rows of the page; undefined: the provider's maximum
   * @param withInputs Whether rows have their `inputs`. Default false
   */
  page(
    table: TableRef,
    cursor: string | null,
    ctx: CallContext,
    max?: number,
    withInputs?: boolean,
  ): Promise<Page>;
}

/** A table without a creation time counts as the youngest. */
const madeAtMs = ({ createdAt }: FoundTable): number => {
  const ms = Date.parse(createdAt);
  return Number.isNaN(ms) ? Number.MAX_SAFE_INTEGER : ms;
};

/** Sorts the tables of one tag by age, as `findTables` returns them; the sort is stable. */
export const oldestFirst = (found: Iterable<FoundTable>): FoundTable[] =>
  [...found].sort((a, b) => madeAtMs(a) - madeAtMs(b));

/** Error for a provider's question about more cells than approved; nothing runs. */
export class UnapprovedCells extends RowmillError {
  /** Number of cells, as the provider counts them. */
  readonly cells: number;

  constructor(cells: number, approved: number, where: string) {
    super('spend_refused', `the provider would run ${cells} cells, ${approved} were approved`, {
      where,
    });
    this.cells = cells;
  }
}

/**
 * Error for a table that the provider made but does not fill, or does not make in this way. The
 * provider makes its next tables in another way.
 */
export class UnusableTable extends RowmillError {
  constructor(what: string, context: ErrorContext) {
    super('request_refused', what, context);
  }
}
