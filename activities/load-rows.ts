import type { SnapshotRef, SnapshotRow } from '../src/contract/rows.ts';
import { RUN_FILE } from '../src/contract/names.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider } from '../src/providers/provider.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { writeRowIds, ROW_IDS_FILE } from './run-files/row-ids.ts';
import { keysComeBack, keysMissing, MAX_KEY_READS } from './table/verify-keys.ts';
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
 * Adds each row of the snapshot to the table exactly once. One writer sends several requests at once
 * while every reply is clear. Row creation has no idempotency key. After an ambiguous reply the table's
 * own count, then its rows by key, show what is missing.
 *
 * Duplicates are deleted before anything is paid for. Where a provider cannot delete rows, they are
 * never run and left out of the results. Rows that the API refuses are halved, down to the one that it
 * refuses.
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

/** End of a request: the ids of its rows, or an error. */
type Sent = { rows: SnapshotRow[] } & (
  { ids: string[]; error: null } | { ids: null; error: unknown }
);

const isAmbiguous = (error: unknown): boolean => error instanceof RowmillError && error.ambiguous;

function* inBatches(rows: SnapshotRow[], size: number): Generator<SnapshotRow[]> {
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size);
}

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
  /** A request of this attempt was carried out, with a good reply. */
  #anyAdded = false;

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
      // Missing keys cannot be distinguished from keys that cannot be read.
      throw this.#drifted(`and ${this.#unreadable} of them cannot be read`);
    }
    let batches: SnapshotRow[][] = [[]];
    for await (const row of snapshotRows(this.#folder)) {
      if (this.#isSettled(row)) continue;
      const batch = batches.at(-1);
      batch?.push(row);
      if (batch?.length !== this.#maxRowsPerRequest) continue;
      if (batches.length >= this.#requestsAtOnce) {
        await this.#deliver(batches);
        batches = [];
      }
      batches.push([]);
    }
    await this.#deliver(batches);
  }

  /** Requests at once: one until a reply was good, and after the first unclear reply. */
  get #requestsAtOnce(): number {
    return this.#anyAdded && !this.#mayHaveDuplicates ? this.#provider.addsAtOnce : 1;
  }

  #isSettled({ key }: SnapshotRow): boolean {
    return this.#present?.has(key) === true || this.#refused.has(key);
  }

  /**
   * Sends batches at once, and settles each of them: lost rows are looked up before they are sent again,
   * refused ones are halved.
   * @param timesLost Times that replies for these rows were lost
   * @throws RowmillError `rows_refused` when it is not for a few of them
   */
  async #deliver(batches: readonly SnapshotRow[][], timesLost = 0): Promise<void> {
    const missing = batches.map((rows) => rows.filter((row) => !this.#isSettled(row)));
    const sent = await Promise.all(
      missing.filter((rows) => rows.length > 0).map((rows) => this.#send(rows)),
    );
    for (const { rows, ids } of sent) if (ids !== null) await this.#added(rows, ids);
    const lost: SnapshotRow[] = [];
    for (const { rows, error } of sent) {
      if (error === null || isRefusalOfRows(error)) continue;
      // Unwrapped, whatever it is: Temporal checks its class.
      if (!isAmbiguous(error) || timesLost === MAX_LOST) throw error as Error;
      lost.push(...rows);
    }
    for (const rows of inBatches(await this.#notFound(lost), this.#maxRowsPerRequest)) {
      await this.#deliver([rows], timesLost + 1);
    }
    for (const { rows, error } of sent) {
      if (isRefusalOfRows(error)) await this.#halve(rows, error);
    }
  }

  async #send(rows: SnapshotRow[]): Promise<Sent> {
    const { table } = this.#input;
    try {
      const ids = await retrySend(this.#attempt, () =>
        this.#attempt.send(() => this.#provider.addRows(table, rows, this.#attempt.ctx)),
      );
      return { rows, ids, error: null };
    } catch (error) {
      return { rows, ids: null, error };
    }
  }

  async #added(rows: readonly SnapshotRow[], ids: string[]): Promise<void> {
    this.#anyAdded = true;
    this.#refused.taken();
    this.#rowsInTable += rows.length;
    const keys = rows.map(({ key }) => key);
    await this.#placed.note(keys, ids);
    this.#report();
  }

  /** Returns which of the lost rows the table lacks: by its count, else by their keys. */
  async #notFound(lost: SnapshotRow[]): Promise<SnapshotRow[]> {
    if (lost.length === 0) return [];
    this.#mayHaveDuplicates = true;
    this.#openSinceMs = this.#now();
    const count = await stableRowCount(this.#provider, this.#input.table, this.#attempt);
    if (count === this.#rowsInTable) return lost;
    if (count === this.#rowsInTable + lost.length) {
      this.#rowsInTable = count;
      return [];
    }
    const { present } = await this.#repair();
    return lost.filter(({ key }) => !present.has(key));
  }

  /** Sends refused rows in two halves, down to the one that is refused. */
  async #halve(rows: SnapshotRow[], refusal: RowmillError): Promise<void> {
    const [first, ...others] = rows;
    if (first !== undefined && others.length === 0) {
      this.#refused.add(first.key, refusal, this.#rowsInTable);
      return;
    }
    const half = Math.ceil(rows.length / 2);
    const { size } = this.#refused;
    for (let from = 0; from < rows.length;) {
      const part = rows.slice(from, from + Math.min(half, this.#maxRowsPerRequest));
      await this.#deliver([part]);
      from += part.length;
    }
    // Every part was taken: they were too many, or too large, for one request.
    if (this.#refused.size === size)
      this.#maxRowsPerRequest = Math.min(this.#maxRowsPerRequest, half);
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
    for (let reads = 1; ; reads += 1) {
      const rows = await stableRowCount(this.#provider, table, this.#attempt);
      const check = await checkTableRows(this.#provider, table, this.#folder, this.#attempt, {
        skips,
        rows,
      });
      const { present, unknown, keyless } = check;
      if (keyless === 0) return check;
      // Reads again after one odd page. Rows without keys would be duplicated if sent again.
      if (reads === MAX_KEY_READS && (present.size > 0 || keyless < unknown)) return check;
      if (reads === MAX_KEY_READS) throw keysMissing(table, keyless);
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
