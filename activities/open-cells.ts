import type { CellOutcome } from '../src/contract/results.ts';
import type { RunMode } from '../src/contract/table.ts';
import type { Folder } from '../src/store/store.ts';

/** A cell that a sweep found without an answer: one line of `open-<sweep>.jsonl`. */
export interface OpenCell {
  key: string;
  rowId: string;
  column: string;
  status: CellOutcome;
  /** Why, for people. */
  reason: string;
  /** Runs that asked for it so far. */
  attempts: number;
  /** Asked for, still running or stuck. */
  inFlight: boolean;
  /** Never asked for, though everything it depends on is done. */
  startable: boolean;
  /** A rerun of failed cells has asked for it. */
  rerun?: true;
}

/** Whether a pass over some of the open cells asks for this one. */
export const isAskedFor = (mode: RunMode, cell: OpenCell): boolean =>
  mode === 'failed'
    ? cell.status === 'failed' && cell.rerun !== true
    : cell.startable || cell.inFlight;

export const openCellsFile = (sweep: number): string => `open-${sweep}.jsonl`;

export async function* openCells(folder: Folder, file: string): AsyncGenerator<OpenCell> {
  // Written by collectResults in this shape.
  for await (const line of folder.lines(file)) yield JSON.parse(line) as OpenCell;
}
