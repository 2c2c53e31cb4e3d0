import { log } from '@temporalio/activity';
import { z } from 'zod';
import type { ApiCalls } from '../src/contract/run.ts';
import type { RunReceipt, TableRef } from '../src/contract/table.ts';
import { activity } from './step.ts';

export interface CancelRemoteInput {
  provider: string;
  table: TableRef;
  /** `null` where the run's reply is not known: then whatever is active in the table. */
  receipt: RunReceipt | null;
}

export interface CancelledRemote {
  /** Cells that will not be paid any more; `null` where the provider does not say. */
  cells: number | null;
  /** An attempt before may have cancelled more, and its reply was lost: a repeated cancel counts none of it. */
  atLeast: boolean;
  calls: ApiCalls;
}

/** Cells that replies have told of. */
interface Heard {
  cells: number;
}

const HeardBefore = z.object({ cells: z.number() }).catch({ cells: 0 });

/** Stops at the provider what this run has queued there, so that nobody pays for it. */
export const cancelRemote = activity<CancelRemoteInput, CancelledRemote, Heard>(
  async ({ provider: name, table, receipt }, step, deps) => {
    const provider = deps.providers.get(name);
    const before = HeardBefore.parse(step.previous);
    const heard = { ...before };
    const hear = (): void => step.report(heard, `${heard.cells} cells given back`);
    hear();
    const onCancelled = (cells: number): void => {
      heard.cells += cells;
      hear();
    };
    const cancelled = await step.send(async () =>
      provider.cancelRun?.(table, receipt, { ...step.ctx, onCancelled }),
    );
    const told = cancelled?.cells ?? null;
    const cells = told === null ? null : before.cells + told;
    log.info('stopped at the provider', { table: table.id, cells });
    return { cells, atLeast: step.begun, calls: step.calls };
  },
);
