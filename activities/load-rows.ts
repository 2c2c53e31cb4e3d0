import type { SnapshotRef, SnapshotRow } from '../src/contract/rows.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider } from '../src/providers/provider.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { keepCountedRows, ROW_IDS_FILE } from './counted-rows.ts';
import { keysComeBack, keysMissing, LOOKS } from './keys-back.ts';
import { LANDS_WITHIN_MS } from './landing.ts';
import { PageReader } from './page-reader.ts';
import { PlacedRows } from './placed-rows.ts';
import { pauseAfter, sendPatiently } from './reading.ts';
import { isRefusalOfRows, RefusedRows } from './refused-rows.ts';
import { auditRows, rowCount, settledRowCount, type RowAudit } from './row-audit.ts';
import { snapshotRows } from './snapshot.ts';
import { activity, type Step } from './step.ts';
import { patient, type TroubleInput } from './trouble.ts';

export interface LoadRowsInput {
  run: RunKey;
  provider: string;
  table: TableRef;
  snapshot: SnapshotRef;
  /** Begun before, and broken off: its last request may still land. */
  again?: boolean;
  trouble?: TroubleInput;
}

export interface LoadedRows {
  /** In the table; fewer than in the snapshot where the API has refused some. */
  rows: number;
  /**
   * A request was answered ambiguously, or rows that are not ours are in the table: runs are
   * scoped to the row ids in `row-ids.jsonl`, so that a late duplicate is never paid for.
   */
  contested: boolean;
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
/** Requests for the same rows in one attempt whose fate is unknown. */
const LOST_AT_MOST = 4;
/** Tries to delete what is there twice. */
const DELETIONS = 4;

/**
 * Brings the table to hold each row of the snapshot exactly once. One writer, in order. Row
 * creation has no idempotency key: after an ambiguous reply the table's own count, then its rows
 * by key, tell what is missing; rows that landed twice are deleted before anything is paid, or, where
 * a provider cannot delete rows, never run and left out of the results. Rows that the API refuses are
 * halved, down to the one that it refuses.
 */
export const loadRows = activity<LoadRowsInput, LoadedRows, LoadReport>(
  async (input, step, deps) => {
    const provider = deps.providers.get(input.provider);
    const folder = deps.store.run(input.run);
    const loader = new Loader(provider, input, folder, step, deps.now ?? Date.now);
    try {
      return await loader.load();
    } finally {
      await loader.close();
    }
  },
  (input) => patient(input, false),
);

class Loader {
  readonly #provider: Provider;
  readonly #input: LoadRowsInput;
  readonly #folder: Folder;
  readonly #step: Step<LoadReport>;
  readonly #refused: RefusedRows;
  readonly #placed: PlacedRows;
  readonly #now: () => number;
  /** Rows the table holds, as far as clean replies tell. */
  #held = 0;
  /** Keys that are there, by the last look at the rows; `null`: nobody had to look. */
  #present: ReadonlyMap<string, string> | null = null;
  #contested: boolean;
  /** In one request: fewer from where the provider found one too large. */
  #most: number;
  /** When a request went out, at the latest, whose fate is unknown. */
  #openSinceMs: number;

  constructor(
    provider: Provider,
    input: LoadRowsInput,
    folder: Folder,
    step: Step<LoadReport>,
    now: () => number,
  ) {
    this.#provider = provider;
    this.#input = input;
    this.#folder = folder;
    this.#step = step;
    // The attempt before may have died with a request on its way.
    this.#contested = step.begun || input.again === true;
    this.#refused = new RefusedRows(`table ${input.table.id}`, input.snapshot.rows);
    this.#placed = new PlacedRows(folder);
    this.#most = provider.limits.rowsPerAdd;
    this.#now = now;
    this.#openSinceMs = now();
  }

  async load(): Promise<LoadedRows> {
    const before = await this.#rowCount();
    // Something is there already: an attempt before this one, whose last request may still land.
    if (before > 0 || this.#contested) await this.#repair();
    for (let round = 0; round < ROUNDS; round += 1) {
      await this.#sendMissing();
      if (this.#contested) {
        await this.#outwait();
        await this.#repair();
      }
      if ((await this.#rowCount()) === this.#wanted && this.#held === this.#wanted) {
        if (this.#contested || (await this.#keysComeBack())) return this.#loaded();
      }
      this.#contested = true;
      await this.#repair();
      if (this.#held === this.#wanted) return this.#loaded();
    }
    throw new RowmillError('table_drifted', `holds ${this.#held} of ${this.#wanted} rows`, {
      where: `table ${this.#input.table.id}`,
    });
  }

  close(): Promise<void> {
    return this.#placed.close();
  }

  /** Of the snapshot without what the API refuses. */
  get #wanted(): number {
    return this.#input.snapshot.rows - this.#refused.size;
  }

  async #loaded(): Promise<LoadedRows> {
    const { size: refused } = this.#refused;
    await this.#refused.keep(this.#folder);
    if (this.#contested) await this.#placed.forget();
    else {
      await this.#placed.keep();
      // Only a contested table needs to be told which rows count.
      await this.#folder.remove(ROW_IDS_FILE);
    }
    return {
      rows: this.#wanted,
      contested: this.#contested,
      calls: this.#step.calls,
      ...(refused === 0 ? {} : { refused }),
    };
  }

  #keysComeBack(): Promise<boolean> {
    const { table } = this.#input;
    const pages = new PageReader(this.#provider, table, this.#step);
    return keysComeBack(pages, table, this.#folder, this.#step);
  }

  /** Sends what is missing, batch by batch. */
  async #sendMissing(): Promise<void> {
    let batch: SnapshotRow[] = [];
    const flush = async (): Promise<void> => {
      while (batch.length > 0) {
        const next = batch.slice(0, this.#most);
        await this.#deliver(next);
        batch = batch.slice(next.length);
      }
    };
    for await (const row of snapshotRows(this.#folder)) {
      batch.push(row);
      if (batch.length >= this.#most) await flush();
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
        this.#refused.add(first.key, error, this.#held);
        return;
      }
      const half = Math.ceil(missing.length / 2);
      const { size } = this.#refused;
      for (let from = 0; from < missing.length;) {
        const part = missing.slice(from, from + Math.min(half, this.#most));
        await this.#deliver(part);
        from += part.length;
      }
      // Every part was taken: they were too many, or too large, for one request.
      if (this.#refused.size === size) this.#most = Math.min(this.#most, half);
    }
  }

  /** Until they are there: what is lost is looked for, and sent again, never blindly. */
  async #add(rows: readonly SnapshotRow[]): Promise<void> {
    const { table } = this.#input;
    let missing = [...rows];
    for (let lost = 0; missing.length > 0;) {
      const held = this.#held;
      try {
        const ids = await sendPatiently(this.#step, () =>
          this.#step.send(() => this.#provider.addRows(table, missing, this.#step.ctx)),
        );
        this.#held += missing.length;
        // Where blank rows stand before ours, a run has to name its rows.
        if (table.blank !== undefined) await this.#placed.note(missing, ids);
        this.#report();
        return;
      } catch (error) {
        if (!(error instanceof RowmillError && error.ambiguous) || lost === LOST_AT_MOST)
          throw error;
        lost += 1;
        this.#contested = true;
        this.#openSinceMs = this.#now();
        const count = await settledRowCount(this.#provider, table, this.#step);
        if (count === held + missing.length) {
          this.#held = count;
          return;
        }
        if (count === held) continue;
        const { present } = await this.#repair();
        missing = missing.filter(({ key }) => !present.has(key));
      }
    }
  }

  /** Until what is on its way has landed, and can be put right. */
  async #outwait(): Promise<void> {
    const leftMs = this.#openSinceMs + LANDS_WITHIN_MS - this.#now();
    if (leftMs > 0) await this.#step.settle(leftMs);
  }

  /** Reads the table back, deletes what is there twice, and writes down the row ids. */
  async #repair(): Promise<RowAudit> {
    let audit = await this.#audit();
    // Where rows cannot be deleted, the file below says which ones count: the rest is never run.
    for (let tries = 1; audit.surplus.length > 0 && tries <= DELETIONS; tries += 1) {
      if (await this.#deleted(audit.surplus, tries)) break;
      audit = await this.#audit();
    }
    if (audit.foreign > 0 || audit.surplus.length > 0) this.#contested = true;
    this.#held = audit.present.size;
    this.#present = audit.present;
    await keepCountedRows(this.#folder, audit);
    this.#report();
    return audit;
  }

  /** `false` when it is open whether all of them are gone: the table has to be read again. */
  async #deleted(rowIds: string[], tries: number): Promise<boolean> {
    const { deleteRows } = this.#provider;
    if (deleteRows === null) return true;
    try {
      await deleteRows(this.#input.table, rowIds, this.#step.ctx);
      return true;
    } catch (error) {
      if (!(error instanceof RowmillError) || tries === DELETIONS) throw error;
      // Of those that an earlier request has deleted nothing is found.
      if (!error.retryable && error.code !== 'not_found') throw error;
      await this.#step.sleep(pauseAfter(error, tries));
      return false;
    }
  }

  async #audit(): Promise<RowAudit> {
    const { table } = this.#input;
    for (let look = 1; ; look += 1) {
      await settledRowCount(this.#provider, table, this.#step);
      const audit = await auditRows(this.#provider, table, this.#folder, this.#step);
      const { present, foreign, keyless } = audit;
      if (keyless === 0) return audit;
      // One odd page is read again. Rows without any key, sent again, would only be there twice.
      if (look === LOOKS && (present.size > 0 || keyless < foreign)) return audit;
      if (look === LOOKS) throw keysMissing(table, keyless);
    }
  }

  #rowCount(): Promise<number> {
    return rowCount(this.#provider, this.#input.table, this.#step);
  }

  #report(): void {
    const { rows } = this.#input.snapshot;
    this.#step.report({ rowsLoaded: this.#held, rows }, `${this.#held} of ${rows} rows loaded`);
  }
}
