import type { SnapshotRef, SnapshotRow } from '../src/contract/rows.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider } from '../src/providers/provider.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import type { ActivityDeps } from './deps.ts';
import { keepCountedRows, ROW_IDS_FILE } from './counted-rows.ts';
import { LANDS_WITHIN_MS } from './landing.ts';
import { auditRows, rowCount, settledRowCount, type RowAudit } from './row-audit.ts';
import { snapshotRows } from './snapshot.ts';
import { runStep, type Step } from './step.ts';

export interface LoadRowsInput {
  run: RunKey;
  provider: string;
  table: TableRef;
  snapshot: SnapshotRef;
  /** Begun before, and broken off: its last request may still land. */
  again?: boolean;
}

export interface LoadedRows {
  rows: number;
  /**
   * A request was answered ambiguously, or rows that are not ours are in the table: runs are
   * scoped to the row ids in `row-ids.jsonl`, so that a late duplicate is never paid for.
   */
  contested: boolean;
  calls: ApiCalls;
}

export interface LoadReport {
  rowsLoaded: number;
  rows: number;
}

/** Put right so often within one attempt before the table is left to the next one. */
const ROUNDS = 3;

/**
 * Brings the table to hold each row of the snapshot exactly once. One writer, in order. Row
 * creation has no idempotency key: after an ambiguous reply the table's own count, then its rows
 * by key, tell what is missing; rows that landed twice are deleted before anything is paid, or, where
 * a provider cannot delete rows, never run and left out of the results.
 */
export const loadRows =
  (deps: ActivityDeps) =>
  (input: LoadRowsInput): Promise<LoadedRows> =>
    runStep<LoadReport, LoadedRows>(deps, async (step) => {
      const provider = deps.providers.get(input.provider);
      const folder = deps.store.run(input.run);
      return new Loader(provider, input, folder, step, deps.now ?? Date.now).load();
    });

class Loader {
  readonly #provider: Provider;
  readonly #input: LoadRowsInput;
  readonly #folder: Folder;
  readonly #step: Step<LoadReport>;
  /** Rows the table holds, as far as clean replies tell. */
  #held = 0;
  #contested: boolean;
  readonly #now: () => number;
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
    this.#most = provider.limits.rowsPerAdd;
    this.#now = now;
    this.#openSinceMs = now();
  }

  async load(): Promise<LoadedRows> {
    const { rows } = this.#input.snapshot;
    const before = await this.#rowCount();
    // Something is there already: an attempt before this one, whose last request may still land.
    let present = before === 0 && !this.#contested ? null : await this.#repair();
    for (let round = 0; round < ROUNDS; round += 1) {
      await this.#send(present);
      if (this.#contested) {
        await this.#outwait();
        present = await this.#repair();
      }
      if ((await this.#rowCount()) === rows && this.#held === rows) {
        // Only a contested table needs to be told which rows count.
        if (!this.#contested) await this.#folder.remove(ROW_IDS_FILE);
        return { rows, contested: this.#contested, calls: this.#step.calls };
      }
      this.#contested = true;
      present = await this.#repair();
      if (this.#held === rows) return { rows, contested: true, calls: this.#step.calls };
    }
    throw new RowmillError('table_drifted', `holds ${this.#held} of ${rows} rows`, {
      where: `table ${this.#input.table.id}`,
    });
  }

  /** Sends what is missing, batch by batch. */
  async #send(present: RowAudit | null): Promise<void> {
    let known = present?.present;
    let batch: SnapshotRow[] = [];
    const flush = async (): Promise<void> => {
      while (batch.length > 0) {
        const next = batch.slice(0, this.#most);
        const rows = next.filter((row) => known?.has(row.key) !== true);
        try {
          if (rows.length > 0) known = (await this.#add(rows))?.present ?? known;
          batch = batch.slice(next.length);
        } catch (error) {
          this.#most = fewer(rows, error);
        }
      }
    };
    for await (const row of snapshotRows(this.#folder)) {
      batch.push(row);
      if (batch.length >= this.#most) await flush();
    }
    await flush();
  }

  /** One request; an audit when its fate had to be found out. Sent again once, never blindly. */
  async #add(rows: SnapshotRow[], again = true): Promise<RowAudit | null> {
    try {
      const { table } = this.#input;
      await this.#step.send(() => this.#provider.addRows(table, rows, this.#step.ctx));
      this.#held += rows.length;
      this.#report();
      return null;
    } catch (error) {
      if (!(error instanceof RowmillError && error.ambiguous && again)) throw error;
      this.#contested = true;
      this.#openSinceMs = this.#now();
      const count = await settledRowCount(this.#provider, this.#input.table, this.#step);
      if (count === this.#held + rows.length) {
        this.#held = count;
        return null;
      }
      const audit = await this.#repair();
      const missing = rows.filter((row) => !audit.present.has(row.key));
      return missing.length > 0 ? ((await this.#add(missing, false)) ?? audit) : audit;
    }
  }

  /** Until what is on its way has landed, and can be put right. */
  async #outwait(): Promise<void> {
    const leftMs = this.#openSinceMs + LANDS_WITHIN_MS - this.#now();
    if (leftMs > 0) await this.#step.settle(leftMs);
  }

  /** Reads the table back, deletes what is there twice, and writes down the row ids. */
  async #repair(): Promise<RowAudit> {
    await settledRowCount(this.#provider, this.#input.table, this.#step);
    const audit = await auditRows(this.#provider, this.#input.table, this.#folder, this.#step);
    // Where rows cannot be deleted, the file below says which ones count: the rest is never run.
    if (audit.surplus.length > 0) {
      await this.#provider.deleteRows?.(this.#input.table, audit.surplus, this.#step.ctx);
    }
    if (audit.foreign > 0 || audit.surplus.length > 0) this.#contested = true;
    this.#held = audit.present.size;
    await keepCountedRows(this.#folder, audit);
    this.#report();
    return audit;
  }

  #rowCount(): Promise<number> {
    return rowCount(this.#provider, this.#input.table, this.#step);
  }

  #report(): void {
    const { rows } = this.#input.snapshot;
    this.#step.report({ rowsLoaded: this.#held, rows }, `${this.#held} of ${rows} rows loaded`);
  }
}

/** How many of the rows to try instead. @throws the error, where it says anything but that they are too large */
function fewer(rows: SnapshotRow[], error: unknown): number {
  if (!(error instanceof RowmillError) || error.code !== 'request_too_large') throw error;
  if (rows.length > 1) return Math.ceil(rows.length / 2);
  const what = `${error.what}: row ${rows[0]?.key ?? ''} alone is too large`;
  throw new RowmillError(error.code, what, { cause: error, where: error.where });
}
