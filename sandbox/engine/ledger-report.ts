import type { SandboxCore } from './core.ts';
import type { RequestCounts, RunAccount, TableAccount } from './ledger.ts';
import { priceOf } from './prices.ts';
import type { Table } from './table.ts';
import { rowKey } from '../oracle/expected.ts';
import type { SandboxState } from './state.ts';

export interface LedgerSummary {
  creditsLeft: number;
  creditsSpent: number;
  tablesCreated: number;
  tablesLive: number;
  rowsCreated: number;
  rowsDeleted: number;
  rowsLive: number;
  runs: number;
  cellsStarted: number;
  cellsDone: number;
  cellsFailed: number;
  /** Starts that cost something. */
  cellsPaid: number;
  duplicates: {
    /** Live root tables beyond the first with the same tags. */
    tables: number;
    /** Live rows beyond the first with the same data and metadata in their table. */
    rows: number;
    /** Paid starts of cells that had been done before. */
    cells: number;
  };
  requests: { total: number; byRoute: RequestCounts };
}

/** Record of a computed cell that was started at least once. */
export interface CellAccount {
  rowId: string;
  /** The row's `input`. */
  row: string;
  column: string;
  starts: number;
  done: number;
  failed: number;
  /** Taken back while it was in progress. */
  lost: number;
  /** Epoch ms of the last start. */
  startedAtMs: number;
  /** Credits for one start. */
  price: number;
}

/** The ledger, as tests and `GET /_sandbox/ledger` read it. */
export class LedgerReport {
  readonly #core: SandboxCore;

  constructor(core: SandboxCore) {
    this.#core = core;
  }

  summary(): LedgerSummary {
    return this.#core.read(summaryOf);
  }

  /** Returns the number of hits of each fault rule, by its name. */
  faultHits(): Record<string, number> {
    return this.#core.read(({ ledger }) => ({ ...ledger.faultHits }));
  }

  /** Every table there ever was, oldest first. */
  tables(): TableAccount[] {
    return this.#core.read(({ ledger }) => [...ledger.tables.values()]);
  }

  runs(): RunAccount[] {
    return this.#core.read(({ ledger }) => [...ledger.runs]);
  }

  /** Cells of a live table that were ever started; empty for a table that is gone. */
  cells(tableId: string): CellAccount[] {
    return this.#core.read((state) => {
      const table = state.tables.get(tableId);
      return table === undefined ? [] : cellAccounts(table);
    });
  }
}

function summaryOf({ ledger, tables, credits }: SandboxState): LedgerSummary {
  const accounts = [...ledger.tables.values()];
  const live = [...tables.values()];
  const sum = (of: (account: TableAccount) => number): number =>
    accounts.reduce((total, account) => total + of(account), 0);
  const counts = Object.values(ledger.requests).flatMap((byStatus) => Object.values(byStatus));
  return {
    creditsLeft: credits,
    creditsSpent: sum((one) => one.creditsSpent),
    tablesCreated: accounts.length,
    tablesLive: live.length,
    rowsCreated: sum((one) => one.rowsCreated),
    rowsDeleted: sum((one) => one.rowsDeleted),
    rowsLive: live.reduce((total, table) => total + table.live.length, 0),
    runs: ledger.runs.length,
    cellsStarted: sum((one) => one.cellsStarted),
    cellsDone: sum((one) => one.cellsDone),
    cellsFailed: sum((one) => one.cellsFailed),
    cellsPaid: sum((one) => one.cellsPaid),
    duplicates: {
      tables: repeated(
        live
          .filter(({ parent, tags }) => parent === null && tags !== null && tags.length > 0)
          .map(({ tags }) => JSON.stringify(tags?.toSorted())),
      ),
      rows: live.reduce((total, table) => total + repeated(rowTexts(table)), 0),
      cells: sum((one) => one.cellsPaidAgain),
    },
    requests: {
      total: counts.reduce((total, count) => total + count, 0),
      byRoute: structuredClone(ledger.requests),
    },
  };
}

const repeated = (texts: string[]): number => texts.length - new Set(texts).size;

const rowTexts = ({ live, data, metadata }: Table): string[] =>
  live.map((slot) => JSON.stringify([data[slot], metadata[slot]]));

const cellAccounts = (table: Table): CellAccount[] =>
  table.live.flatMap((slot) =>
    table.computed
      .filter(({ cells }) => (cells.starts[slot] ?? 0) > 0)
      .map((column) => ({
        rowId: table.rowIds.id(slot),
        row: rowKey(table.data[slot] ?? {}),
        column: column.config.key,
        starts: column.cells.starts[slot] ?? 0,
        done: column.cells.dones[slot] ?? 0,
        failed: column.cells.fails[slot] ?? 0,
        lost: column.cells.losses[slot] ?? 0,
        startedAtMs: column.cells.startedAtMs[slot] ?? 0,
        price: priceOf(column),
      })),
  );
