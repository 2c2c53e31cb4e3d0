import type { CellOutcome } from '../../src/contract/results.ts';
import { isNamed, lacksAnswer, wasRerun, type CellAttempts } from '../../src/rules/attempts.ts';
import { isRerun, type PassKind } from '../../src/rules/passes.ts';
import type { Folder } from '../../src/store/store.ts';

/** A cell that a scan found without an answer: one line of `open-<scan>.jsonl`. */
export interface OpenCell {
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
  /** Never asked for, though everything it depends on is done. */
  startable: boolean;
  /** A rerun of failed cells has asked for it. */
  rerun?: true;
  /** A run has asked for it, and nothing shows that it was begun. */
  waiting?: true;
  /** Time of the failure, if the provider reports it. */
  failedAt?: string;
}

/** Checks whether a pass over some of the open cells requests this one. */
export const isRequestedBy = (kind: PassKind, cell: OpenCell): boolean =>
  isRerun(kind)
    ? cell.status === 'failed' && cell.rerun !== true
    : isNamed(kind, { ...cell, waiting: cell.waiting === true });

export const openCellsFile = (scan: number): string => `open-${scan}.jsonl`;

export async function* openCells(folder: Folder, file: string): AsyncGenerator<OpenCell> {
  // Written by collectResults in this shape.
  for await (const line of folder.lines(file)) yield JSON.parse(line) as OpenCell;
}

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
