import { log } from '@temporalio/activity';
import type { ApiCalls } from '../src/contract/run.ts';
import type { RunReceipt, TableRef } from '../src/contract/table.ts';
import type { ActivityDeps } from './deps.ts';
import { runStep } from './step.ts';

export interface CancelRemoteInput {
  provider: string;
  table: TableRef;
  /** `null` where the run's reply is not known: then whatever is active in the table. */
  receipt: RunReceipt | null;
}

export interface CancelledRemote {
  /** Cells that will not be paid any more; `null` where the provider does not say. */
  cells: number | null;
  calls: ApiCalls;
}

/** Stops at the provider what this run has queued there, so that nobody pays for it. */
export const cancelRemote =
  (deps: ActivityDeps) =>
  ({ provider: name, table, receipt }: CancelRemoteInput): Promise<CancelledRemote> =>
    runStep<null, CancelledRemote>(deps, async (step) => {
      const provider = deps.providers.get(name);
      const cancelled = await provider.cancelRun?.(table, receipt, step.ctx);
      const cells = cancelled?.cells ?? null;
      log.info('stopped at the provider', { table: table.id, cells });
      return { cells, calls: step.calls };
    });
