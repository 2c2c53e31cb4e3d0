import { log } from '@temporalio/activity';
import { z } from 'zod';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRunRef, TableRef } from '../src/contract/table.ts';
import { activity } from './runtime/activity.ts';

export interface CancelQueuedCellsInput {
  provider: string;
  table: TableRef;
  /**
   * `null` if the run's reply is unknown: then every active operation of the table is cancelled.
   */
  tableRun: TableRunRef | null;
}

export interface CancelledCells {
  /** Cells that will not be paid any more; `null` where the provider does not say. */
  cells: number | null;
  /** An attempt before may have cancelled more, and its reply was lost: a repeated cancel counts none of it. */
  isMinimum: boolean;
  calls: ApiCalls;
}

/** Cancelled cells, by the replies so far. */
interface Reported {
  cells: number;
}

const ReportedBefore = z.object({ cells: z.number() }).catch({ cells: 0 });

/** Cancels the cells that this run has queued at the provider, so that they are not paid for. */
export const cancelQueuedCells = activity<CancelQueuedCellsInput, CancelledCells, Reported>(
  async ({ provider: name, table, tableRun }, attempt, deps) => {
    const provider = deps.providers.get(name);
    const before = ReportedBefore.parse(attempt.previous);
    const reported = { ...before };
    const hear = (): void => attempt.heartbeat(reported, `${reported.cells} cells cancelled`);
    hear();
    const onCancelled = (cells: number): void => {
      reported.cells += cells;
      hear();
    };
    const cancelled = await attempt.send(async () =>
      provider.cancelQueuedCells?.(table, tableRun, { ...attempt.ctx, onCancelled }),
    );
    const counted = cancelled?.cells ?? null;
    const cells = counted === null ? null : before.cells + counted;
    log.info('stopped at the provider', { table: table.id, cells });
    return { cells, isMinimum: attempt.previousAttemptMayHaveSent, calls: attempt.calls };
  },
);
