import { log } from '@temporalio/activity';
import type { RunSummary } from '../../../src/contract/run.ts';
import type { RunLine } from '../../../src/contract/spend.ts';
import { RowmillError } from '../../../src/errors.ts';
import { writeLedgerLine } from '../../../src/store/ledger.ts';
import type { ActivityDeps } from '../../runtime/deps.ts';
import type { PublishResultsInput } from './summary.ts';

/**
 * Writes the line of a run that has ended: its cancelled cells, and the provider's report. The results
 * are published, so a failure is only logged.
 */
export async function recordRunSpend(
  deps: ActivityDeps,
  input: PublishResultsInput,
  { balanceChange, usage }: RunSummary,
): Promise<void> {
  if (!input.paidRequestSent) return;
  const { run, pipeline, owner, cellsCancelled, creditsPerCell } = input;
  const line: RunLine = {
    type: 'run',
    run: run.workflowId,
    firstRunId: run.firstRunId,
    pipeline: pipeline.name,
    provider: pipeline.provider,
    at: new Date((deps.now ?? Date.now)()).toISOString(),
    creditsCancelled: cellsCancelled * creditsPerCell,
    reported: { balanceChange, usage },
  };
  if (owner !== undefined) line.owner = owner;
  try {
    await writeLedgerLine(deps.store, line);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    log.warn('the ledger has no line of the run', { error: error.message });
  }
}
