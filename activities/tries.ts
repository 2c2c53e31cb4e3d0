import { lacksAnswer, wasRerun, type CellAttempts } from '../src/rules/attempts.ts';
import type { PassKind } from '../src/rules/passes.ts';
import type { Folder } from '../src/store/store.ts';
import { openCells, openCellsFile } from './open-cells.ts';

export interface AttemptIndex {
  get(key: string, column: string): CellAttempts | undefined;
  /** Cells without an answer then that a rerun has asked for, after a pass of `kind`. */
  rerunCount(kind: PassKind): number;
}

/** The open cells of an earlier scan, with how often they had been asked for. */
export async function readAttempts(folder: Folder, scan: number): Promise<AttemptIndex> {
  const known = new Map<string, CellAttempts>();
  const id = (key: string, column: string): string => `${column}\n${key}`;
  if (await folder.exists(openCellsFile(scan))) {
    for await (const cell of openCells(folder, openCellsFile(scan))) {
      const { status, inFlight, attempts, rerun = false, startable } = cell;
      const { waiting = false, failedAt = '' } = cell;
      known.set(id(cell.key, cell.column), {
        status,
        inFlight,
        attempts,
        rerun,
        startable,
        waiting,
        failedAt,
      });
    }
  }
  return {
    get: (key, column) => known.get(id(key, column)),
    rerunCount: (kind) =>
      [...known.values()].filter((one) => lacksAnswer(one) && wasRerun(kind, one)).length,
  };
}
