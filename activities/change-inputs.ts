import { readPipeline } from './run-files/origin.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Provider, RowUpdate, TableRow } from '../src/providers/provider.ts';
import { outdate, outdatedCells, writeOutdated } from '../src/nights/outdated-cells.ts';
import { columnsReading, type Inputs } from '../src/rules/nights/inputs.ts';
import type { Folder, RunKey } from '../src/store/store.ts';
import { isRefusalOfRows, RefusedRows } from './run-files/refused-rows.ts';
import { WantedInputs } from './nights/wanted-inputs.ts';
import { writeDrift, type DriftLine } from './nights/drift.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { activity, type ActivityAttempt } from './runtime/activity.ts';
import { retrySend, withRetries } from './runtime/retry-read.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';
import { MAX_COMMIT_DELAY_MS } from './table/commit-window.ts';
import { PageReader } from './table/page-reader.ts';
import { PageSequenceCheck } from './table/page-sequence.ts';

export interface ChangeInputsInput {
  run: RunKey;
  provider: string;
  table: TableRef;
  /** Deletes rows that left the source. */
  drops: boolean;
  /** Overwrites inputs that were edited at the provider; their cells are asked for again. */
  overwrites: boolean;
  /** The step was interrupted before: its last request may still be committed. */
  resumedAfterInterrupt: boolean;
  trouble: TroubleInput;
}

export interface ChangedInputs {
  /** Rows whose inputs were changed. */
  changed: number;
  /** Rows that were deleted. */
  dropped: number;
  /** Rows whose inputs another user changed: they are left as they are. */
  drifted: number;
  calls: ApiCalls;
}

export interface ChangeReport {
  changed: number;
  dropped: number;
}

/** Changes of a row after which it counts as not kept by the provider. */
const MAX_ROUNDS = 5;

/** Maximum text of the changes that one walk collects; the next walk finds the rest. */
const MAX_COLLECTED_CHARS = 16_000_000;

/** Maximum walks of a table whose pages change while it is read. */
const MAX_WALKS = 3;

/**
 * Gives the rows of a lasting table the inputs of the source: each change exactly once in effect.
 * The table is read, differing inputs of changed rows are sent, and it is read again, until nothing
 * differs. So a lost reply, a repeated attempt or a late commit makes no difference. Inputs of other
 * rows that differ were edited at the provider: they are reported, never overwritten. Changes that the
 * API refuses are halved, down to the row that it refuses: nothing is asked for in that row.
 */
export const changeInputs = activity<ChangeInputsInput, ChangedInputs, ChangeReport>(
  async (input, attempt, deps) => {
    const folder = deps.store.run(input.run);
    return new InputChanges(deps.providers, input, folder, attempt).run();
  },
  (input) => tolerant(input, false),
);

/** Differences that one walk over the table found. */
interface Found {
  updates: RowUpdate[];
  /** Ids of rows to delete. */
  gone: string[];
  drift: DriftLine[];
  /** False if the walk ended early, because it had collected enough. */
  complete: boolean;
  /** Rows that came. */
  rows: number;
}

class InputChanges {
  readonly #provider: Provider;
  readonly #input: ChangeInputsInput;
  readonly #folder: Folder;
  readonly #attempt: ActivityAttempt<ChangeReport>;
  readonly #changed = new Set<string>();
  readonly #dropped = new Set<string>();
  /** Input columns that were edited at the provider and are overwritten, by row. */
  readonly #edited = new Map<string, string[]>();
  readonly #providers: ActivityDeps['providers'];
  #mayCommitLate: boolean;
  /** Rows whose changes the API has refused one by one; `null`: none so far. */
  #refused: RefusedRows | null = null;

  constructor(
    providers: ActivityDeps['providers'],
    input: ChangeInputsInput,
    folder: Folder,
    attempt: ActivityAttempt<ChangeReport>,
  ) {
    this.#providers = providers;
    this.#provider = providers.get(input.provider);
    this.#input = input;
    this.#folder = folder;
    this.#attempt = attempt;
    this.#mayCommitLate = attempt.previousAttemptMayHaveSent || input.resumedAfterInterrupt;
  }

  async run(): Promise<ChangedInputs> {
    const { drops, overwrites } = this.#input;
    const wanted = await WantedInputs.open(this.#folder, { drops, overwrites });
    let first: string | undefined;
    for (let rounds = 0; ; rounds += 1) {
      await this.#waitForLateCommits();
      const { updates, gone, drift, complete, rows } = await this.#find(wanted);
      if (updates.length === 0 && gone.length === 0 && complete) {
        await writeDrift(this.#folder, drift);
        await this.#refusedOf(rows).keep(this.#folder);
        const { calls } = this.#attempt;
        const [changed, dropped] = [this.#changed.size, this.#dropped.size];
        return { changed, dropped, drifted: drift.length, calls };
      }
      // Rows come in the same order: as long as another one is the first, there is progress.
      const next = updates[0]?.key ?? gone[0];
      if (next !== first) rounds = 0;
      first = next;
      if (rounds === MAX_ROUNDS) throw this.#notKept(updates, gone);
      await this.#outdate();
      await this.#updateAll(updates, this.#refusedOf(rows));
      await this.#delete(gone);
    }
  }

  /** A late commit repeats values that are there; it must not follow a pass over the cells. */
  async #waitForLateCommits(): Promise<void> {
    if (!this.#mayCommitLate) return;
    await this.#attempt.waitForLateCommit(MAX_COMMIT_DELAY_MS);
    this.#mayCommitLate = false;
  }

  async #find(wanted: WantedInputs): Promise<Found> {
    for (let walks = 1; ; walks += 1) {
      try {
        return await this.#walk(wanted, walks === MAX_WALKS);
      } catch (error) {
        const unstable = error instanceof RowmillError && error.code === 'pages_unstable';
        if (!unstable || walks === MAX_WALKS) throw error;
      }
    }
  }

  async #walk(wanted: WantedInputs, ignoreVersion: boolean): Promise<Found> {
    const { table } = this.#input;
    const pages = new PageReader(this.#provider, table, this.#attempt, {
      skips: true,
      withInputs: true,
    });
    const check = new PageSequenceCheck({ where: `table ${table.id}`, ignoreVersion });
    const found: Found = { updates: [], gone: [], drift: [], complete: true, rows: 0 };
    const seen = new Set<string>();
    let chars = 0;
    let unreadable = 0;
    let total: number | null = null;
    for (let cursor: string | null = null; ;) {
      const page = await pages.read(cursor);
      check.check(page);
      unreadable += page.skipped === undefined ? 0 : (page.skipped.rows ?? Infinity);
      for (const row of page.rows) {
        if (seen.has(row.id)) continue;
        seen.add(row.id);
        found.rows = seen.size;
        chars += await this.#compare(row, wanted, found);
      }
      ({ next: cursor, total } = page);
      this.#report();
      if (cursor === null) break;
      if (chars < MAX_COLLECTED_CHARS) continue;
      return { ...found, complete: false };
    }
    const missing = total === null ? 0 : total - seen.size;
    if (missing > unreadable) {
      const what = `${seen.size} rows came, the table has ${total ?? 0}`;
      throw new RowmillError('pages_unstable', what, { where: `table ${table.id}` });
    }
    return found;
  }

  /** Returns the characters that the row adds to what is collected. */
  async #compare(row: TableRow, wanted: WantedInputs, found: Found): Promise<number> {
    const { id, key, inputs = {} } = row;
    if (key === null || this.#refused?.has(key) === true) return 0;
    const values = Object.entries(inputs).map(([column, { value }]) => [column, value] as const);
    const verdict = await wanted.verdictOn(key, Object.fromEntries(values));
    if (verdict === 'same' || verdict === 'unknown') return 0;
    if (verdict === 'dropped') {
      found.gone.push(id);
      this.#dropped.add(id);
      return id.length;
    }
    if ('drift' in verdict) {
      found.drift.push({ key, columns: verdict.drift });
      return 0;
    }
    const input: Inputs = verdict.change;
    const cells = Object.fromEntries(
      Object.entries(inputs).filter(([column]) => verdict.columns.includes(column)),
    );
    if (verdict.edited) this.#edited.set(key, verdict.columns);
    found.updates.push({ id, key, input: { ...input }, cells });
    this.#changed.add(key);
    return JSON.stringify(input).length;
  }

  /** Written before the inputs change: afterwards nothing shows which rows were edited. */
  async #outdate(): Promise<void> {
    if (this.#edited.size === 0) return;
    const { table, provider } = await readPipeline(this.#folder);
    const plan = this.#providers.spec(provider).plan(table);
    const outdated = await outdatedCells(this.#folder);
    for (const [key, inputs] of this.#edited) {
      outdate(outdated, key, columnsReading(plan, new Set(inputs)));
    }
    await writeOutdated(this.#folder, outdated);
    this.#edited.clear();
  }

  /** @param rows Rows of the table */
  #refusedOf(rows: number): RefusedRows {
    return (this.#refused ??= new RefusedRows(
      'changed inputs',
      `table ${this.#input.table.id}`,
      rows,
    ));
  }

  async #updateAll(updates: readonly RowUpdate[], refused: RefusedRows): Promise<void> {
    const size = this.#provider.limits.rowsPerAdd;
    for (let from = 0; from < updates.length; from += size) {
      await this.#update(updates.slice(from, from + size), refused);
    }
  }

  /** Halves changes that are refused. @throws RowmillError `rows_refused` when it is not for a few of them */
  async #update(rows: readonly RowUpdate[], refused: RefusedRows): Promise<void> {
    const { updateRows } = this.#provider;
    if (updateRows === null) {
      throw new RowmillError('internal', 'the provider cannot change rows', {
        where: `table ${this.#input.table.id}`,
      });
    }
    try {
      await this.#send(() => updateRows(this.#input.table, rows, withRetries(this.#attempt)));
      refused.taken();
    } catch (error) {
      const [first, ...others] = rows;
      if (first === undefined || !isRefusalOfRows(error)) throw error;
      if (others.length === 0) {
        refused.add(first.key, error, this.#changed.size);
        this.#changed.delete(first.key);
        return;
      }
      const half = Math.ceil(rows.length / 2);
      await this.#update(rows.slice(0, half), refused);
      await this.#update(rows.slice(half), refused);
    }
  }

  async #delete(ids: readonly string[]): Promise<void> {
    const { deleteRows } = this.#provider;
    if (deleteRows === null) return;
    const size = this.#provider.limits.rowsPerAdd;
    for (let from = 0; from < ids.length; from += size) {
      const rows = ids.slice(from, from + size);
      await this.#send(() => deleteRows(this.#input.table, rows, this.#attempt.ctx));
    }
  }

  /** Sends a request. The next walk shows whether one with a lost reply was carried out. */
  async #send(request: () => Promise<void>): Promise<void> {
    try {
      await retrySend(this.#attempt, () => this.#attempt.send(request));
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      // Rows that an earlier request deleted are not found.
      if (!error.ambiguous && error.code !== 'not_found') throw error;
      this.#mayCommitLate ||= error.ambiguous;
    }
    this.#report();
  }

  #notKept(updates: readonly RowUpdate[], drops: readonly string[]): RowmillError {
    const rows = [...updates.map(({ key }) => key), ...drops];
    const what = `${rows.length} rows still differ after ${MAX_ROUNDS} changes, such as ${rows[0] ?? ''}`;
    return new RowmillError('inputs_not_kept', what, { where: `table ${this.#input.table.id}` });
  }

  #report(): void {
    const report = { changed: this.#changed.size, dropped: this.#dropped.size };
    this.#attempt.heartbeat(report, `${report.changed} rows changed, ${report.dropped} deleted`);
  }
}
