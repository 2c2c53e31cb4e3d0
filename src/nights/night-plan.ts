import type { AskedCells } from '../contract/ask-reasons.ts';
import { RUN_FILE } from '../contract/names.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import type { SnapshotRow } from '../contract/rows.ts';
import { refreshRules } from '../rules/nights/due-cells.ts';
import { changedInputs, columnsReading } from '../rules/nights/inputs.ts';
import { SnapshotDiff } from '../rules/nights/snapshot-diff.ts';
import { askedByColumn } from '../rules/cells/cell-set.ts';
import { unitsOf } from '../rules/spend/spend.ts';
import type { PipelineKey, Store } from '../store/store.ts';
import { columnChanges, keyedColumns, type ColumnChanges } from './column-changes.ts';
import { digestOf, type SnapshotFile } from './compare-rows.ts';
import { estimateDue } from './due-estimate.ts';
import {
  readLastingTable,
  refuseOtherSource,
  refuseOtherTable,
  type LastingTable,
} from './lasting-table.ts';
import { lineAt, placedLines } from './line-at.ts';

/** Column of a plan, as far as a night depends on it. */
export interface NightColumn {
  key: string;
  input: boolean;
  ours: boolean;
  creditsWeight: number;
  dependsOn: string[];
  reads?: string[];
}

/** Plan of the next run on a lasting table, by what is in the store. */
export interface NightPlan extends ColumnChanges {
  /** ISO time of the last publication; `null`: none. */
  since: string | null;
  rowsNew: number;
  rowsChanged: number;
  rowsVanished: number;
  /** Cells that are due, by reason and column. */
  due: AskedCells;
  /** Answers that are kept. */
  kept: number;
  /** Price of the due cells, in units of `spend.creditsPerCell`. */
  units: number;
}

export interface NightPlanOptions {
  /** Asks for every cell once, whatever its age. */
  full: boolean;
  /** Changed columns are asked for in every row. */
  apply: boolean;
}

/** Compares the rows of a source with a lasting table while they are read. */
export class NightPreview {
  readonly #store: Store;
  readonly #pipeline: Pipeline;
  readonly #plan: readonly NightColumn[];
  readonly #state: LastingTable;
  readonly #last: SnapshotFile;
  readonly #diff = new SnapshotDiff(digestOf);
  readonly #outdated = new Map<string, Set<string>>();
  #rows = 0;
  #rowsNew = 0;
  #rowsChanged = 0;

  private constructor(
    store: Store,
    pipeline: Pipeline,
    plan: readonly NightColumn[],
    state: LastingTable,
  ) {
    this.#store = store;
    this.#pipeline = pipeline;
    this.#plan = plan;
    this.#state = state;
    this.#last = { folder: store.run(state.last), name: RUN_FILE.rows };
  }

  /**
   * Returns `null` for a pipeline without a lasting table in this store: all its cells are new.
   * @throws RowmillError `table_differs`
   */
  static async open(
    store: Store,
    key: PipelineKey,
    pipeline: Pipeline,
    plan: readonly NightColumn[],
  ): Promise<NightPreview | null> {
    if (pipeline.table.keep !== true) return null;
    const state = await readLastingTable(store, key);
    if (state === null) return null;
    refuseOtherTable(pipeline, state);
    if (state.table === null) return null;
    const preview = new NightPreview(store, pipeline, plan, state);
    await preview.#readLast();
    return preview;
  }

  async #readLast(): Promise<void> {
    const { folder, name } = this.#last;
    if (!(await folder.exists(name))) return;
    for await (const { text, place } of placedLines(folder, name)) {
      this.#diff.before(JSON.parse(text) as SnapshotRow, place);
    }
  }

  /** Adds a row of the source. */
  async add(row: SnapshotRow): Promise<void> {
    this.#rows += 1;
    const found = this.#diff.after(row);
    if (found.change === 'new') this.#rowsNew += 1;
    if (found.change !== 'changed') return;
    const line = await lineAt(this.#last.folder, this.#last.name, found.place);
    const inputs = changedInputs((JSON.parse(line) as SnapshotRow).input, row.input);
    if (inputs.length === 0) return;
    this.#rowsChanged += 1;
    this.#outdated.set(row.key, new Set(columnsReading(this.#plan, new Set(inputs))));
  }

  /** Counts what is due, once every row was added. */
  async finish({ full, apply }: NightPlanOptions): Promise<NightPlan> {
    const { table, refresh, run } = this.#pipeline;
    const changes = columnChanges(this.#state.columns, keyedColumns(table.columns, this.#plan));
    const { published } = this.#state;
    const compared = {
      rows: this.#rows,
      rowsNew: this.#rowsNew,
      rowsVanished: this.#diff.vanished,
    };
    if (!apply) refuseOtherSource(this.#pipeline, this.#state, compared);
    const results = published === null ? null : this.#store.run(published);
    const isThere = results !== null && (await results.exists(RUN_FILE.results));
    const own = this.#plan.filter(({ ours, input }) => ours && !input).map(({ key }) => key);
    const reworded = apply ? readersOf(this.#plan, changes.columnsChanged) : new Set<string>();
    const { due, kept } = await estimateDue({
      results: isThere ? { folder: results, name: RUN_FILE.results } : null,
      rows: this.#rows,
      columns: own,
      newColumns: new Set(changes.columnsNew),
      isOutdated: (key, column) =>
        reworded.has(column) || this.#outdated.get(key)?.has(column) === true,
      vanished: (key) => this.#diff.hasVanished(key),
      rules: refreshRules(refresh, full || run.mode === 'all'),
      nowMs: Date.now(),
      publishedAtMs: published === null ? null : Date.parse(published.at),
    });
    return {
      ...changes,
      since: published?.at ?? null,
      rowsNew: this.#rowsNew,
      rowsChanged: this.#rowsChanged,
      rowsVanished: this.#diff.vanished,
      due,
      kept,
      units: unitsOfDue(due, this.#plan),
    };
  }
}

/** Returns changed columns and those that read them, directly or through others. */
export function readersOf(
  plan: readonly NightColumn[],
  changed: readonly string[],
): ReadonlySet<string> {
  const readers = new Set(changed);
  // The loop adds to the set it iterates over.
  for (const key of readers) {
    for (const column of plan) if (column.dependsOn.includes(key)) readers.add(column.key);
  }
  return readers;
}

/** Price of due cells; columns that the provider adds to a row are computed with a new row. */
export function unitsOfDue(due: AskedCells, plan: readonly NightColumn[]): number {
  const weights = Object.fromEntries(plan.map(({ key, creditsWeight }) => [key, creditsWeight]));
  const automatic = plan.filter(({ ours, input }) => !ours && !input);
  const perRow = automatic.reduce((sum, { creditsWeight }) => sum + creditsWeight, 0);
  const added = Math.max(0, ...Object.values(due.new ?? {}));
  return unitsOf(askedByColumn(due), weights) + added * perRow;
}
