import type { Column, TableRef } from '../../../src/contract/table.ts';
import type { Provider, TableRow } from '../../../src/providers/provider.ts';
import { isNamed } from '../../../src/rules/cells/attempts.ts';
import type { PassKind } from '../../../src/rules/passes/passes.ts';
import type { Folder, RunKey } from '../../../src/store/store.ts';
import { openCells, openCellsFile, type OpenCell } from '../../run-files/open-cells.ts';
import { CellStates } from '../../table/cell-states.ts';
import { PageReader, type ReadPage } from '../../table/page-reader.ts';
import { openCellsOf } from './part-file.ts';
import type { ActivityAttempt } from '../../runtime/activity.ts';

/** The cells that a pass waits for: those that the table scan before it found open. */
export interface AwaitedCellsInput {
  run: RunKey;
  scan: number;
  kind: PassKind;
  columns: Column[];
}

/**
 * Reader of awaited cells, for passes whose end no count shows. A cell that starts late and fails
 * again between two status readings leaves the table as before.
 */
export class AwaitedCells {
  readonly #provider: Provider;
  readonly #table: TableRef;
  /** Cells that have not ended so far, with the time of their previous failure. */
  readonly #open: CellStates;
  /** Cursor of the page with the first of them. */
  #cursor: string | null = null;

  private constructor(provider: Provider, table: TableRef, open: CellStates) {
    this.#provider = provider;
    this.#table = table;
    this.#open = open;
  }

  static async of(
    { scan, kind, columns }: AwaitedCellsInput,
    { provider, table, folder }: { provider: Provider; table: TableRef; folder: Folder },
  ): Promise<AwaitedCells> {
    const open = new CellStates(columns.map(({ key }) => key));
    for await (const cell of openCells(folder, openCellsFile(scan))) {
      if (!isAwaited(kind, cell)) continue;
      const { rowId, column, status, failedAt: at } = cell;
      open.set(rowId, column, at === undefined ? { status } : { status, at });
    }
    return new AwaitedCells(provider, { ...table, columns }, open);
  }

  /**
   * Checks whether all of them have ended since the table scan. Reads up to the first that has not,
   * and continues there next time.
   */
  async areOver(attempt: Pick<ActivityAttempt<unknown>, 'ctx' | 'sleep'>): Promise<boolean> {
    const pages = new PageReader(this.#provider, this.#table, attempt, { skips: true });
    while (this.#open.size > 0) {
      const page: ReadPage = await pages.read(this.#cursor);
      if (!page.rows.every((row) => this.#endOf(row))) return false;
      this.#cursor = page.next;
      // Rows that have not come are not over.
      if (page.next === null) break;
    }
    return this.#open.size === 0;
  }

  /** `false` while a cell of the row is waited for. */
  #endOf(row: TableRow): boolean {
    const { columns } = this.#table;
    const awaited = columns.filter(({ key }) => this.#open.has(row.id, key));
    if (awaited.length === 0) return true;
    const left = new Map(openCellsOf(row, columns).map((cell) => [cell.column, cell]));
    for (const { key } of awaited) {
      const now = left.get(key);
      if (now?.status === 'pending') return false;
      const failed = now?.status === 'failed' && this.#open.hasStatus(row.id, key, 'failed');
      if (failed && this.#open.hasTime(row.id, key, now.failedAt)) return false;
      this.#open.delete(row.id, key);
    }
    return true;
  }
}

function isAwaited(kind: PassKind, cell: OpenCell): boolean {
  const { rowId, inFlight, waiting = false } = cell;
  if (rowId === '') return false;
  return inFlight || waiting || (cell.status === 'pending' && isNamed(kind, { ...cell, waiting }));
}
