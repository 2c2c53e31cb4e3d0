import type { SnapshotRef, SnapshotRow } from '../src/contract/rows.ts';
import { RUN_FILE } from '../src/contract/names.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider } from '../src/providers/provider.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { writeRowIds, ROW_IDS_FILE } from './run-files/row-ids.ts';
import { keysComeBack, keysMissing, LOOKS } from './table/verify-keys.ts';
import { MAX_COMMIT_DELAY_MS } from './table/commit-window.ts';
import { PageReader } from './table/page-reader.ts';
import { PlacedRows } from './run-files/placed-rows.ts';
import { pauseAfter, retrySend } from './runtime/retry-read.ts';
import { isRefusalOfRows, RefusedRows } from './run-files/refused-rows.ts';
import {
  checkTableRows,
  rowCount,
  stableRowCount,
  type TableRowCheck,
} from './table/reconcile-rows.ts';
import { snapshotRows } from './run-files/snapshot.ts';
import { activity, type ActivityAttempt } from './runtime/activity.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';

export interface LoadRowsInput {
  run: RunKey;
  provider: string;
  table: TableRef;
  snapshot: SnapshotRef;
  /** The step was interrupted before: its last request may still be committed. */
  resumedAfterInterrupt: boolean;
  trouble: TroubleInput;
}

export interface LoadedRows {
  /** Rows in the table; fewer than in the snapshot if the API refused some. */
  rows: number;
  /**
   * True if a reply was ambiguous, or the table has foreign rows. Runs then name the row ids in
   * `row-ids.jsonl`, so that a late duplicate is never paid for.
   */
  mayHaveDuplicates: boolean;
  /** Rows that the API has refused. Left out: none. */
  refused?: number;
  calls: ApiCalls;
}

export interface LoadReport {
  rowsLoaded: number;
  rows: number;
}

/** Put right so often within one attempt before the table is left to the next one. */
const ROUNDS = 3;
/** Maximum requests with a lost reply for the same rows in one attempt. */
const MAX_LOST = 4;
/** Tries to delete what is there twice. */
const DELETIONS = 4;

/**
 * Adds each row of the snapshot to the table exactly once. One writer, in order. Row
 * creation has no idempotency key: after an ambiguous reply the table's own count, then its rows
 * by key, show what is missing; duplicates are deleted before anything is paid for, or, where
 * a provider cannot delete rows, never run and left out of the results. Rows that the API refuses are
 * halved, down to the one that it refuses.
 */
export const loadRows = activity<LoadRowsInput, LoadedRows, LoadReport>(
  async (input, attempt, deps) => {
    const provider = deps.providers.get(input.provider);
    const folder = deps.store.run(input.run);
    const loader = new Loader(provider, input, folder, attempt, deps.now ?? Date.now);
    try {
      return await loader.load();
    } finally {
      await loader.close();
    }
  },
  (input) => tolerant(input, false),
);

class Loader {
  readonly #provider: Provider;
  readonly #input: LoadRowsInput;
  readonly #folder: Folder;
  readonly #attempt: ActivityAttempt<LoadReport>;
  readonly #refused: RefusedRows;
  readonly #placed: PlacedRows;
  readonly #now: () => number;
  /** Rows in the table, by the replies so far. */
  #rowsInTable = 0;
  /** Keys in the table, by the last check of its rows; `null`: no check was needed. */
  #present: ReadonlyMap<string, string> | null = null;
  /** Rows that a rerun cannot read: the missing keys are theirs, and are not sent again. */
  #unreadable = 0;
  #mayHaveDuplicates: boolean;
  /** Rows of one request, fewer once the provider found one too large. */
  #maxRowsPerRequest: number;
  /** Latest time of a sent request with a lost reply. */
  #openSinceMs: number;

  constructor(
    provider: Provider,
    input: LoadRowsInput,
    folder: Folder,
    attempt: ActivityAttempt<LoadReport>,
    now: () => number,
  ) {
    this.#provider = provider;
    this.#input = input;
    this.#folder = folder;
    this.#attempt = attempt;
    // The attempt before may have died with a request on its way.
    this.#mayHaveDuplicates = attempt.previousAttemptMayHaveSent || input.resumedAfterInterrupt;
    this.#refused = new RefusedRows('row', `table ${input.table.id}`, input.snapshot.rows);
    this.#placed = new PlacedRows(folder);
    this.#maxRowsPerRequest = provider.limits.rowsPerAdd;
    this.#now = now;
    this.#openSinceMs = now();
  }

  async load(): Promise<LoadedRows> {
    const before = await this.#rowCount();
    // Rows of a previous attempt, whose last request may still be committed.
    if (before > 0 || this.#mayHaveDuplicates) await this.#repair();
    for (let round = 0; round < ROUNDS; round += 1) {
      await this.#sendMissing();
      if (this.#mayHaveDuplicates) {
        await this.#waitForLateCommits();
        await this.#repair();
      }
      if ((await this.#rowCount()) === this.#wanted && this.#rowsInTable === this.#wanted) {
        const isChecked = this.#mayHaveDuplicates || this.#unreadable > 0;
        if (isChecked || (await this.#keysComeBack())) return this.#loaded();
      }
      this.#mayHaveDuplicates = true;
      await this.#repair();
      if (this.#rowsInTable === this.#wanted) return this.#loaded();
    }
    throw this.#drifted();
  }

  #drifted(more = ''): RowmillError {
    const has = `has ${this.#rowsInTable} of ${this.#wanted} rows`;
    return new RowmillError('table_drifted', [has, more].filter(Boolean).join(', '), {
      where: `table ${this.#input.table.id}`,
    });
  }

  close(): Promise<void> {
    return this.#placed.close();
  }

  /** Number of rows of the snapshot without those the API refuses. */
  get #wanted(): number {
    return this.#input.snapshot.rows - this.#refused.size;
  }

  async #loaded(): Promise<LoadedRows> {
    const { size: refused } = this.#refused;
    await this.#refused.keep(this.#folder);
    if (this.#mayHaveDuplicates) await this.#placed.forget();
    else {
      await this.#placed.keep();
      // Only a table that may have duplicates needs the list of row ids.
      await this.#folder.remove(ROW_IDS_FILE);
    }
    return {
      rows: this.#wanted,
      mayHaveDuplicates: this.#mayHaveDuplicates,
      calls: this.#attempt.calls,
      ...(refused === 0 ? {} : { refused }),
    };
  }

  #keysComeBack(): Promise<boolean> {
    const { table } = this.#input;
    const pages = new PageReader(this.#provider, table, this.#attempt);
    return keysComeBack(pages, table, this.#folder, this.#attempt);
  }

  /** Sends what is missing, batch by batch. */
  async #sendMissing(): Promise<void> {
    if (this.#unreadable > 0) {
      if (this.#rowsInTable >= this.#wanted) return;
      // Which keys are missing cannot be told from those that cannot be read.
      throw this.#drifted(`and ${this.#unreadable} of them cannot be read`);
    }
    let batch: SnapshotRow[] = [];
    const flush = async (): Promise<void> => {
      while (batch.length > 0) {
        const next = batch.slice(0, this.#maxRowsPerRequest);
        await this.#deliver(next);
        batch = batch.slice(next.length);
      }
    };
    for await (const row of snapshotRows(this.#folder)) {
      batch.push(row);
      if (batch.length >= this.#maxRowsPerRequest) await flush();
    }
    await flush();
  }

  /** Halves rows that are refused. @throws RowmillError `rows_refused` when it is not for a few of them */
  async #deliver(rows: readonly SnapshotRow[]): Promise<void> {
    const missing = rows.filter(
      ({ key }) => this.#present?.has(key) !== true && !this.#refused.has(key),
    );
    const [first, ...others] = missing;
    if (first === undefined) return;
    try {
      await this.#add(missing);
      this.#refused.taken();
    } catch (error) {
      if (!isRefusalOfRows(error)) throw error;
      if (others.length === 0) {
        this.#refused.add(first.key, error, this.#rowsInTable);
        return;
      }
      const half = Math.ceil(missing.length / 2);
      const { size } = this.#refused;
      for (let from = 0; from < missing.length;) {
        const part = missing.slice(from, from + Math.min(half, this.#maxRowsPerRequest));
        await this.#deliver(part);
        from += part.length;
      }
      // Every part was taken: they were too many, or too large, for one request.
      if (this.#refused.size === size)
        this.#maxRowsPerRequest = Math.min(this.#maxRowsPerRequest, half);
    }
  }

  /** Adds rows until all are present. Lost rows are looked up before they are sent again. */
  async #add(rows: readonly SnapshotRow[]): Promise<void> {
    const { table } = this.#input;
    let missing = [...rows];
    for (let lost = 0; missing.length > 0;) {
      const known = this.#rowsInTable;
      try {
        const ids = await retrySend(this.#attempt, () =>
          this.#attempt.send(() => this.#provider.addRows(table, missing, this.#attempt.ctx)),
        );
        this.#rowsInTable += missing.length;
        await this.#placed.note(
          missing.map(({ key }) => key),
          ids,
        );
        this.#report();
        return;
      } catch (error) {
        if (!(error instanceof RowmillError && error.ambiguous) || lost === MAX_LOST) throw error;
        lost += 1;
        this.#mayHaveDuplicates = true;
        this.#openSinceMs = this.#now();
        const count = await stableRowCount(this.#provider, table, this.#attempt);
        if (count === known + missing.length) {
          this.#rowsInTable = count;
          return;
        }
        if (count === known) continue;
        const { present } = await this.#repair();
        missing = missing.filter(({ key }) => !present.has(key));
      }
    }
  }

  /** Waits until a late request must have been committed and can be repaired. */
  async #waitForLateCommits(): Promise<void> {
    const leftMs = this.#openSinceMs + MAX_COMMIT_DELAY_MS - this.#now();
    if (leftMs > 0) await this.#attempt.waitForLateCommit(leftMs);
  }

  /** Reads the table back, deletes what is there twice, and writes down the row ids. */
  async #repair(): Promise<TableRowCheck> {
    let check = await this.#checkRows();
    // If rows cannot be deleted, the file below lists those that count; the rest is never run.
    for (let tries = 1; check.duplicates.length > 0 && tries <= DELETIONS; tries += 1) {
      if (await this.#deleted(check.duplicates, tries)) break;
      check = await this.#checkRows();
    }
    if (check.unknown > 0 || check.duplicates.length > 0) this.#mayHaveDuplicates = true;
    this.#unreadable = check.unreadable;
    this.#rowsInTable = check.present.size + check.unreadable;
    this.#present = check.present;
    await writeRowIds(this.#folder, check);
    await this.#placed.restart(check.present);
    this.#report();
    return check;
  }

  /** `false` when it is open whether all of them are gone: the table has to be read again. */
  async #deleted(rowIds: string[], tries: number): Promise<boolean> {
    const { deleteRows } = this.#provider;
    if (deleteRows === null) return true;
    try {
      await deleteRows(this.#input.table, rowIds, this.#attempt.ctx);
      return true;
    } catch (error) {
      if (!(error instanceof RowmillError) || tries === DELETIONS) throw error;
      // Rows deleted by an earlier request are not found.
      if (!error.retryable && error.code !== 'not_found') throw error;
      await this.#attempt.sleep(pauseAfter(error, tries));
      return false;
    }
  }

  async #checkRows(): Promise<TableRowCheck> {
    const { table } = this.#input;
    // A table that nothing was paid for yet has to be read whole.
    const skips = await this.#folder.exists(RUN_FILE.previousRun);
    for (let look = 1; ; look += 1) {
      const rows = await stableRowCount(this.#provider, table, this.#attempt);
      const check = await checkTableRows(this.#provider, table, this.#folder, this.#attempt, {
        skips,
        rows,
      });
      const { present, unknown, keyless } = check;
      if (keyless === 0) return check;
      // Reads again after one odd page. Rows without keys would be duplicated if sent again.
      if (look === LOOKS && (present.size > 0 || keyless < unknown)) return check;
      if (look === LOOKS) throw keysMissing(table, keyless);
    }
  }

  #rowCount(): Promise<number> {
    return rowCount(this.#provider, this.#input.table, this.#attempt);
  }

  #report(): void {
    const { rows } = this.#input.snapshot;
    this.#attempt.heartbeat(
      { rowsLoaded: this.#rowsInTable, rows },
      `${this.#rowsInTable} of ${rows} rows loaded`,
    );
  }
}
