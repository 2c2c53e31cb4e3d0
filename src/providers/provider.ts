import type { Json } from '../contract/json.ts';
import type { TableSpec } from '../contract/pipeline.ts';
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

/** Travels with every call: how to stop it, and where requests are counted. */
export interface CallContext {
  signal?: AbortSignal;
  /** Called once for each HTTP request sent, retries included. */
  onRequest?: (route: string) => void;
  /** How a read is repeated where it fails, for methods of several requests; left out: it is not. */
  repeatRead?: <R>(read: () => Promise<R>) => Promise<R>;
  /** The same of a request that changes something, as long as it is known not to have been carried out. */
  repeatUnsent?: <R>(send: () => Promise<R>) => Promise<R>;
  /** Called once for each run that was asked back about and told yes to; also when the reply was lost. */
  onConfirmed?: (cells: number) => void;
  /** Called once for each reply to a cancel, with the cells that will not be paid any more. */
  onCancelled?: (cells: number) => void;
}

export interface Account {
  /** Credits left; `null` where the provider does not say. */
  credits: number | null;
  /** Whose account, for people. */
  label: string;
}

export interface FoundTable {
  id: string;
  /** ISO time. */
  createdAt: string;
  /** `null` where the provider does not say: then it counts as not empty. */
  rows: number | null;
}

/** A table whose columns are not known yet. */
export interface BareTable {
  id: string;
  /**
   * Its create was answered a moment ago, and nothing has been sent to it since: it holds nothing
   * that a lost request could have left, so nothing has to be looked for.
   */
  untouched?: boolean;
  /** The sheet that it came with, where tables have sheets. */
  sheetId?: string;
}

export interface RunScope {
  mode: RunMode;
  columnIds: string[];
  /** Without it: every row. */
  rowIds?: string[];
  /** Name neither columns nor rows: the whole table is asked for, as `columnIds` would. */
  whole?: true;
  /**
   * Cells the spend was approved for. A provider that asks back before a large run (PromptLayer) is
   * told yes up to here, and never above or without it: then `startTableRun` throws `spend_refused`,
   * `UnapprovedCells` where it is told how many there would be.
   */
  maxCells?: number;
}

/** A row as it stands in the provider's table. */
export interface TableRow {
  id: string;
  /** Our key, or `null` on a row that is not ours. */
  key: string | null;
  /** By column key; computed columns only. */
  cells: Record<string, TableCell>;
}

export interface TableCell {
  status: CellStatus;
  /** The provider's own word. */
  rawStatus: string;
  value: Json;
  explanation?: string;
  sources?: Json[];
  updatedAt?: string;
  /** Why it failed, where the provider says. */
  reason?: string;
  /** What it took, where the provider says so cell by cell. */
  usage?: CellUsage;
}

export interface Page {
  rows: TableRow[];
  /** Opaque; `null` after the last page. */
  next: string | null;
  /** Rows the table says it has; `null` where the page does not tell. */
  total: number | null;
  /** Changes whenever the table does; left out where pages have no version. */
  version?: string;
}

export type PastRow =
  /** Cursors are places, good for pages of any size. */
  | { by: 'offset'; skip: (cursor: string | null, rows: number) => string }
  /** Only in order: from the other end. `from` is the first cursor of that walk, the others begin with it. */
  | { by: 'other end'; from: string };

export interface CancelledCells {
  /** Cells that will not be paid any more; `null` where the provider does not say. */
  cells: number | null;
}

/**
 * What a run needs of an AI-table API; one API step a method. Every method throws `RowmillError`
 * with a code of `src/errors.ts`; `ambiguous` on it means: the request may have been carried out.
 * No method repeats a request that is not safe to repeat.
 */
export interface Provider {
  readonly name: string;
  readonly limits: { rowsPerAdd: number; rowsPerPage: number };
  account(ctx: CallContext): Promise<Account>;
  /** What the account may do, in a few words; `null` where the provider does not say. */
  readonly plan: ((ctx: CallContext) => Promise<string | null>) | null;
  /** Why the plan of the account allows no changes; `null` where nothing is known against it. */
  planObstacle?(ctx: CallContext): Promise<string | null>;
  /** Tables that carry the tag, oldest first. */
  findTables(tag: string, ctx: CallContext): Promise<FoundTable[]>;
  /** The table read by itself; `null` when it is gone, or does not carry the tag. */
  readTable(tableId: string, tag: string, ctx: CallContext): Promise<FoundTable | null>;
  createTable(spec: TableSpec, name: string, tag: string, ctx: CallContext): Promise<TableRef>;
  /** The table with its columns; makes the columns of the spec that are not there yet. */
  ensureColumns(table: BareTable, spec: TableSpec, ctx: CallContext): Promise<TableRef>;
  deleteTable(tableId: string, ctx: CallContext): Promise<void>;
  /** Appends, in order; the ids of the new rows, in the same order. */
  addRows(table: TableRef, rows: SnapshotRow[], ctx: CallContext): Promise<string[]>;
  /** `null` where rows cannot be deleted safely: a surplus row is then left out of runs and results. */
  readonly deleteRows:
    ((table: TableRef, rowIds: string[], ctx: CallContext) => Promise<void>) | null;
  /** Rows the table says it has, by one request. */
  rowCount(table: TableRef, ctx: CallContext): Promise<number>;
  startTableRun(table: TableRef, scope: RunScope, ctx: CallContext): Promise<TableRunRef>;
  progress(table: TableRef, tableRun: TableRunRef | null, ctx: CallContext): Promise<TableProgress>;
  /** Stops what a run has queued; `null` where the provider cannot. Safe to repeat. */
  readonly cancelQueuedCells:
    | ((table: TableRef, tableRun: TableRunRef | null, ctx: CallContext) => Promise<CancelledCells>)
    | null;
  /** How to go on behind a row that breaks every page it is on; `null`: there is no way. */
  readonly past: PastRow | null;
  /**
   * @param cursor Of the page before; `null` for the first one
   * @param most Rows of the page; as many as the provider allows when left out
   */
  page(table: TableRef, cursor: string | null, ctx: CallContext, most?: number): Promise<Page>;
}

/** A table that does not say when it was made counts as the youngest. */
const madeAtMs = ({ createdAt }: FoundTable): number => {
  const ms = Date.parse(createdAt);
  return Number.isNaN(ms) ? Number.MAX_SAFE_INTEGER : ms;
};

/** The tables of one tag as `findTables` gives them back; those of one moment stay as they came. */
export const oldestFirst = (found: Iterable<FoundTable>): FoundTable[] =>
  [...found].sort((a, b) => madeAtMs(a) - madeAtMs(b));

/** A provider asked back about more cells than it may be told yes to; nothing runs. */
export class UnapprovedCells extends RowmillError {
  /** As the provider counts them. */
  readonly cells: number;

  constructor(cells: number, approved: number, where: string) {
    super('spend_refused', `the provider would run ${cells} cells, ${approved} were approved`, {
      where,
    });
    this.cells = cells;
  }
}

/**
 * A table that the provider has made and does not let be filled, or does not make in this way. The same
 * provider makes its next ones in another way.
 */
export class UnusableTable extends RowmillError {
  constructor(what: string, context: ErrorContext) {
    super('request_refused', what, context);
  }
}
