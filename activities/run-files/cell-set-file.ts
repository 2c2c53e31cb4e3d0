import type { AskedCells, AskReason } from '../../src/contract/ask-reasons.ts';
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

/** File with the time since which a pass may have been sent. */
const sentSinceFile = (pass: number): string => `sent-since-${pass}.json`;

/** Notes that a pass may be sent from now on, unless an earlier attempt has noted it. */
export async function noteSentSince(folder: Folder, pass: number, nowMs: number): Promise<void> {
  const name = sentSinceFile(pass);
  if (!(await folder.exists(name)))
    await folder.writeJson(name, { at: new Date(nowMs).toISOString() });
}

/** Removes the note: nothing was sent. */
export const forgetSentSince = (folder: Folder, pass: number): Promise<void> =>
  folder.remove(sentSinceFile(pass));

/** Returns the ISO time since which a pass may have been sent; `null` without a note. */
export async function sentSince(folder: Folder, pass: number): Promise<string | null> {
  const name = sentSinceFile(pass);
  if (!(await folder.exists(name))) return null;
  // Written by noteSentSince in this shape.
  return ((await folder.readJson(name)) as { at: string }).at;
}

/** Reads a cell set line by line; its end comes last. */
export async function* cellSetLines(
  folder: Folder,
  pass: number,
): AsyncGenerator<CellSetLine | CellSetEnd> {
  // Written by chooseCells in this shape.
  for await (const line of folder.lines(cellSetFile(pass)))
    yield JSON.parse(line) as CellSetLine | CellSetEnd;
}
