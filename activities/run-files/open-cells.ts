import type { NightMark } from '../../src/rules/nights/marks.ts';
import type { CellOutcome } from '../../src/contract/results.ts';
import type { Folder } from '../../src/store/store.ts';

/**
 * A cell that a scan found without an answer, or whose answer a night asks for again: one line of
 * `open-<scan>.jsonl`.
 */
export interface OpenCell extends NightMark {
  key: string;
  rowId: string;
  column: string;
  status: CellOutcome;
  /** Reason, shown as it is. */
  reason: string;
  /** Runs that asked for it so far. */
  attempts: number;
  /** Asked for, still running or stuck. */
  inFlight: boolean;
  /** Set if the cell was never asked for, though everything it depends on is done. */
  startable: boolean;
  /** Set where it is not known whether the conditions of the cell hold. */
  undecided?: true;
  /** Failed column that a blocked cell waits for. Left out: it is not blocked, or not by a column. */
  blockedBy?: string;
  /** A rerun of failed cells has asked for it. */
  rerun?: true;
  /** A run has asked for it, and nothing shows that it was begun. */
  waiting?: true;
  /** Time of the failure, if the provider reports it. */
  failedAt?: string;
}

/**
 * Checks whether a cell has no answer. A night also lists answers that it asks for again; a cell
 * whose conditions do not hold has none, and needs none.
 */
export const isOpen = ({ status }: Pick<OpenCell, 'status'>): boolean =>
  status !== 'done' && status !== 'skipped';

export const openCellsFile = (scan: number): string => `open-${scan}.jsonl`;

export async function* openCells(folder: Folder, file: string): AsyncGenerator<OpenCell> {
  // Written by collectResults in this shape.
  for await (const line of folder.lines(file)) yield JSON.parse(line) as OpenCell;
}

/** Open cells of one row. */
export interface OpenRow {
  key: string;
  rowId: string;
  cells: OpenCell[];
}

/** Reads the open cells row by row, in the order of the snapshot. */
export async function* openRows(folder: Folder, file: string): AsyncGenerator<OpenRow> {
  const rows: OpenRow[] = [];
  for await (const cell of openCells(folder, file)) {
    const [row] = rows;
    if (row?.key === cell.key) {
      row.cells.push(cell);
      continue;
    }
    if (row !== undefined) yield row;
    rows[0] = { key: cell.key, rowId: cell.rowId, cells: [cell] };
  }
  yield* rows;
}
