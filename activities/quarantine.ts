import { RUN_FILE } from '../src/contract/names.ts';
import type { Collection, QuarantineLine } from '../src/contract/results.ts';
import type { Folder } from '../src/store/store.ts';
import { openCells, openCellsFile } from './open-cells.ts';

/** Cells without an answer, with the reason; the file is there only when there are any. */
export async function writeQuarantine(folder: Folder, found: Collection | null): Promise<number> {
  if (found === null) return 0;
  const draft = await folder.create(RUN_FILE.quarantine);
  let cells = 0;
  try {
    for await (const cell of openCells(folder, openCellsFile(found.sweep))) {
      const line: QuarantineLine = {
        key: cell.key,
        column: cell.column,
        status: cell.status,
        reason:
          cell.status === 'failed'
            ? `failed after ${cell.attempts} ${cell.attempts === 1 ? 'attempt' : 'attempts'}: ${cell.reason}`
            : cell.reason,
        attempts: cell.attempts,
      };
      await draft.line(JSON.stringify(line));
      cells += 1;
    }
    if (cells > 0) await draft.commit();
    else await folder.remove(RUN_FILE.quarantine);
    return cells;
  } finally {
    await draft.discard();
  }
}
