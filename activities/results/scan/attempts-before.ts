import type { CellAttempts } from '../../../src/rules/cells/attempts.ts';
import type { Folder } from '../../../src/store/store.ts';
import {
  openCellsFile,
  openRows,
  type OpenCell,
  type OpenRow,
} from '../../run-files/open-cells.ts';

/**
 * Reader of the scan before, row by row in the order of the snapshot, beside the scan that is
 * merged. Keeps one row in memory.
 */
export class AttemptsBefore {
  readonly #rows: AsyncIterator<OpenRow> | null;
  #next: OpenRow | null = null;

  private constructor(rows: AsyncIterator<OpenRow> | null) {
    this.#rows = rows;
  }

  static async open(folder: Folder, scan: number): Promise<AttemptsBefore> {
    const file = openCellsFile(scan);
    const rows = (await folder.exists(file)) ? openRows(folder, file) : null;
    const reader = new AttemptsBefore(rows?.[Symbol.asyncIterator]() ?? null);
    await reader.#advance();
    return reader;
  }

  /** Returns what was open in the next row, by column. Each row of the snapshot once, in order. */
  async ofRow(key: string): Promise<ReadonlyMap<string, CellAttempts>> {
    const row = this.#next;
    if (row?.key !== key) return NONE;
    await this.#advance();
    return new Map(row.cells.map((cell) => [cell.column, attemptsOf(cell)]));
  }

  /** `true` once every row was read: a row out of order would hide all rows behind it. */
  get isOver(): boolean {
    return this.#next === null;
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#rows?.return?.();
  }

  async #advance(): Promise<void> {
    const next = await this.#rows?.next();
    this.#next = next === undefined || next.done === true ? null : next.value;
  }
}

const NONE: ReadonlyMap<string, CellAttempts> = new Map();

const attemptsOf = (cell: OpenCell): CellAttempts => {
  const { status, inFlight, attempts, startable } = cell;
  const { rerun = false, waiting = false, failedAt = '', left = false } = cell;
  return { status, inFlight, attempts, rerun, startable, waiting, failedAt, left };
};
