import type { JsonObject } from '../json.ts';

/** Record of one table; kept after the table is deleted. */
export interface TableAccount {
  id: string;
  name: string;
  kind: string;
  tags: string[];
  createdAt: string;
  deletedAt: string | null;
  /** Rows that were sent. */
  rowsCreated: number;
  rowsDeleted: number;
  runs: number;
  /** Cells that were started, free ones included. */
  cellsStarted: number;
  cellsDone: number;
  cellsFailed: number;
  /** Starts that cost something. */
  cellsPaid: number;
  /** Part of `cellsPaid`: the cell had been done before. 0 unless a client paid twice. */
  cellsPaidAgain: number;
  /** Part of `cellsPaidAgain`: inputs or config changed after the answer. */
  cellsPaidOutdated: number;
  creditsSpent: number;
}

export interface RunAccount {
  id: string;
  tableId: string;
  mode: string;
  at: string;
  requestedCells: number;
  /** Rows and columns it was limited to; `null` = all. */
  rows: number | null;
  columns: number | null;
}

/** `POST /v1/tables/{table_id}/rows` → status → how often. `cut` = no reply was sent. */
export type RequestCounts = Record<string, Record<string, number>>;

/** Counters of what was asked, made and paid for; nothing grows with the cells. */
export class Ledger {
  readonly tables = new Map<string, TableAccount>();
  readonly runs: RunAccount[] = [];
  requests: RequestCounts = {};
  /** Rule of the fault script → how often it has struck. */
  faultHits: Record<string, number> = {};
  #requestsChanged = false;
  /** Called for each payment and change; `null` during a replay. */
  listener: ((event: JsonObject) => void) | null = null;

  openTable(id: string, name: string, kind: string, tags: string[], at: string): TableAccount {
    const account: TableAccount = {
      id,
      name,
      kind,
      tags,
      createdAt: at,
      deletedAt: null,
      rowsCreated: 0,
      rowsDeleted: 0,
      runs: 0,
      cellsStarted: 0,
      cellsDone: 0,
      cellsFailed: 0,
      cellsPaid: 0,
      cellsPaidAgain: 0,
      cellsPaidOutdated: 0,
      creditsSpent: 0,
    };
    this.tables.set(id, account);
    this.note(() => ({ event: 'table created', table: id, name, tags, at }));
    return account;
  }

  ran(account: TableAccount, run: RunAccount): void {
    account.runs += 1;
    this.runs.push(run);
    this.note(() => ({ event: 'run', ...run }));
  }

  recordHit(rule: string): void {
    this.faultHits[rule] = (this.faultHits[rule] ?? 0) + 1;
  }

  countRequest(route: string, status: number | 'cut'): void {
    const byStatus = (this.requests[route] ??= {});
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    this.#requestsChanged = true;
  }

  /** Counts since the last call of this, or `null` when there are none. */
  takeRequests(): RequestCounts | null {
    if (!this.#requestsChanged) return null;
    this.#requestsChanged = false;
    return this.requests;
  }

  /** Builds the event only with a listener: there are hundreds of thousands of payments. */
  note(event: () => JsonObject): void {
    if (this.listener !== null) this.listener(event());
  }
}
