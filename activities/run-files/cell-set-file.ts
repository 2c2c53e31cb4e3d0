import type { AskedCells, AskReason } from '../../src/contract/asked.ts';
import type { RunMode } from '../../src/contract/table.ts';
import type { Folder } from '../../src/store/store.ts';

/** Cells that are asked for with one reason, in one mode, by column key. */
export interface CellGroup {
  reason: AskReason;
  mode: RunMode;
  columns: string[];
}

/** Line of a cell set: cells of one row, or one entry for the same columns of every row. */
export type CellSetLine =
  | { rows: 'all'; groups: CellGroup[] }
  | {
      rowId: string;
      key: string;
      groups: CellGroup[];
      /** The row has cells outside of the set that a request over more columns might compute. */
      hasOthers?: true;
    };

/** Last line of a cell set. */
export interface CellSetEnd {
  /** Cells of the pipeline's own columns. */
  asked: AskedCells;
  /** Columns in which a request over every row computes only cells of the set. */
  wholeColumns: string[];
}

/** File of the cells that a pass asks for. */
export const cellSetFile = (pass: number): string => `asked-${pass}.jsonl`;

/** Reads a cell set line by line; its end comes last. */
export async function* cellSetLines(
  folder: Folder,
  pass: number,
): AsyncGenerator<CellSetLine | CellSetEnd> {
  // Written by decideCells in this shape.
  for await (const line of folder.lines(cellSetFile(pass)))
    yield JSON.parse(line) as CellSetLine | CellSetEnd;
}
