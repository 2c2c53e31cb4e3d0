import { lacksAnswer, rerunAfter, type CellTries } from '../src/rules/attempts.ts';
import type { PassKind } from '../src/rules/passes.ts';
import type { Folder } from '../src/store/store.ts';
import { openCells, openCellsFile } from './open-cells.ts';

export interface KnownTries {
  get(key: string, column: string): CellTries | undefined;
  /** Cells without an answer then that a rerun has asked for, after a pass of `kind`. */
  askedAgain(kind: PassKind): number;
}

/** The open cells of an earlier sweep, with how often they had been asked for. */
export async function readTries(folder: Folder, sweep: number): Promise<KnownTries> {
  const known = new Map<string, CellTries>();
  const id = (key: string, column: string): string => `${column}\n${key}`;
  if (await folder.exists(openCellsFile(sweep))) {
    for await (const cell of openCells(folder, openCellsFile(sweep))) {
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
    askedAgain: (kind) =>
      [...known.values()].filter((one) => lacksAnswer(one) && rerunAfter(kind, one)).length,
  };
}
