import { readPipeline } from '../../run-files/origin.ts';
import type { ResultCell } from '../../../src/contract/results.ts';
import type { LastingTable } from '../../../src/nights/lasting-table.ts';
import { NIGHT_FILE, readNight } from '../../../src/nights/night.ts';
import { outdatedCells, type OutdatedColumns } from '../../../src/nights/outdated-cells.ts';
import {
  reasonTonight,
  refreshRules,
  type RefreshRules,
} from '../../../src/rules/nights/due-cells.ts';
import type { NightMark } from '../../../src/rules/nights/marks.ts';
import type { Folder } from '../../../src/store/store.ts';
import type { PartOpenCell } from './part-file.ts';

/** An open cell, or an answer that is asked for again. */
export type MarkedCell = PartOpenCell & NightMark;

/** Decides, row by row, which cells a night asks for. Only outdated cells are in memory. */
export class NightMarks {
  readonly #rules: RefreshRules;
  readonly #newColumns: ReadonlySet<string>;
  readonly #outdated: ReadonlyMap<string, OutdatedColumns>;
  readonly #nowMs: number;
  /** Time of answers that the provider gives none for. */
  readonly #publishedAtMs: number | null;
  /** Answers that are not asked for again, of the rows so far. */
  kept = 0;

  private constructor(
    rules: RefreshRules,
    newColumns: readonly string[],
    outdated: ReadonlyMap<string, OutdatedColumns>,
    times: { nowMs: number; publishedAtMs: number | null },
  ) {
    this.#rules = rules;
    this.#newColumns = new Set(newColumns);
    this.#outdated = outdated;
    this.#nowMs = times.nowMs;
    this.#publishedAtMs = times.publishedAtMs;
  }

  /** `null`: the run has its own table, or the table is new. */
  static async open(folder: Folder): Promise<NightMarks | null> {
    const night = await readNight(folder);
    if (night === null || night.first) return null;
    // Safe cast below: written by `openNight`.
    const { refresh, run } = await readPipeline(folder);
    const { state } = (await folder.readJson(NIGHT_FILE.before)) as { state: LastingTable | null };
    const outdated = await outdatedCells(folder);
    // Columns that left the file wait until they return to it.
    for (const columns of outdated.values()) {
      for (const column of night.columnsLeft) columns.delete(column);
    }
    const rules = refreshRules(refresh, night.full || run.mode === 'all');
    const published = state?.published?.at;
    return new NightMarks(rules, night.columnsNew, outdated, {
      nowMs: Date.parse(night.openedAt),
      publishedAtMs: published === undefined ? null : Date.parse(published),
    });
  }

  /**
   * Adds answers that are due to the open cells of a row, and marks those cells.
   * @param cellsJson Cells of the result line
   */
  ofRow(
    key: string,
    vanished: boolean,
    cellsJson: string,
    open: readonly PartOpenCell[],
  ): MarkedCell[] {
    // Safe cast: written by `classifyTableRow`.
    const cells = JSON.parse(cellsJson) as Record<string, ResultCell>;
    const outdated: OutdatedColumns = this.#outdated.get(key) ?? new Map<string, string | null>();
    const along = [...outdated.keys()].filter((column) => !Object.hasOwn(cells, column));
    const byColumn = new Map(open.map((cell) => [cell.column, cell]));
    return Object.entries(cells).flatMap(([column, cell]): MarkedCell[] => {
      const known = byColumn.get(column);
      const changed = outdated.has(column) && !hasEndedSince(cell, outdated.get(column));
      const due = reasonTonight(
        {
          column,
          outcome: cell.status,
          inFlight: known?.inFlight ?? false,
          isNew: this.#newColumns.has(column),
          changed,
          answeredAtMs: timeOf(cell) ?? this.#publishedAtMs,
          vanished,
        },
        this.#rules,
        this.#nowMs,
      );
      const base = known ?? {
        column,
        status: cell.status,
        reason: 'asked for again',
        inFlight: false,
        startable: false,
      };
      // Conditions decide about these, stage by stage.
      if (cell.status === 'skipped' || (base.undecided === true && !vanished)) {
        return known === undefined ? [] : [known];
      }
      // A blocked cell can start only after the one that blocks it: a later pass asks for it.
      if (cell.status === 'blocked' && due !== null) return [base];
      if (due === null) {
        if (cell.status === 'done' || cell.status === 'empty') this.kept += 1;
        if (known === undefined) return [];
        return known.inFlight || known.status === 'empty' ? [known] : [{ ...known, left: true }];
      }
      return [{ ...base, due, ...(changed && along.length > 0 ? { along } : {}) }];
    });
  }
}

/** Checks whether a pass that may have been sent was: the cell ended at a later time. */
function hasEndedSince(cell: ResultCell, maybeAskedAt: string | null | undefined): boolean {
  const hasEnded = cell.status === 'done' || cell.status === 'empty' || cell.status === 'failed';
  return hasEnded && maybeAskedAt != null && (timeOf(cell) ?? 0) >= Date.parse(maybeAskedAt);
}

function timeOf({ updatedAt }: ResultCell): number | null {
  const ms = Date.parse(updatedAt ?? '');
  return Number.isNaN(ms) ? null : ms;
}
