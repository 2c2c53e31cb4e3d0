import { setWorkflowOptions } from '@temporalio/workflow';
import type { RunSummary } from '../src/contract/run.ts';
import { approveResults } from './steps/approve-results.ts';
import { approveSpend } from './steps/approve-spend.ts';
import { readArgument } from './argument.ts';
import { registerHandlers } from './control/updates.ts';
import { hasNextPass, startPass } from './steps/pass.ts';
import { collectResults, scanExistingTable } from './steps/scan.ts';
import { releaseBudget } from './steps/budget.ts';
import { releaseLease, takeLease } from './steps/lease.ts';
import { changeInputs, matchColumns, openNight } from './steps/night.ts';
import { watchNeeds } from './steps/needs.ts';
import { prepareRows } from './steps/prepare-rows.ts';
import { showProgress } from './view/progress.ts';
import { finishEarly, cancelQueuedCells, publishResults } from './steps/finish.ts';
import { releaseRest } from './steps/release-rest.ts';
import { Run } from './run.ts';
import { ensureTable, loadRows } from './steps/table.ts';
import { untilIdle } from './steps/wait.ts';

/**
 * The mission: a list of rows goes through an AI-table API and comes back enriched.
 *
 * Rows travel by reference (they lie in the store), decisions are pure (src/rules), and every step
 * is an activity that is safe to repeat. Each step leaves what it found in the run's state, so a
 * run that is continued as new goes on where it was.
 */
export async function enrichTable(argument: unknown): Promise<RunSummary> {
  const run = new Run(readArgument(argument), showProgress); // any client may have sent any JSON
  registerHandlers(run); // queries and updates, from the first moment on
  watchNeeds(run); // notifies operators, beside the steps, while the run waits for them
  try {
    await prepareRows(run); // validates input and rows, freezes the rows in the store
    await takeLease(run); // of a table that lasts: one run at a time writes to it
    await openNight(run); // of such a table: which rows are new, changed or gone
    await approveSpend(run); // refused, or waits for an operator, above the limits
    await ensureTable(run); // found by its tag before it is created
    await matchColumns(run); // of such a table: edits at the provider are reported
    await changeInputs(run); // of such a table: inputs that the source has changed
    await loadRows(run); // each row exactly once, before anything is paid
    await scanExistingTable(run); // of a table that was worked on before: which cells are left

    do {
      while (hasNextPass(run)) {
        await startPass(run); // first every cell, then only failed or unfinished ones
        await untilIdle(run); // polled by slices, as often as the progress asks for
        await collectResults(run); // paged into the store; failed, blocked and empty cells counted
      }
    } while (await releaseRest(run)); // of a canary: once it is judged, the other rows follow

    await cancelQueuedCells(run); // cells that are still queued; the run waits no longer
    await approveResults(run); // results that fail an expectation do not replace the last ones
    return await publishResults(run); // atomic, with manifest and quarantine
  } catch (error) {
    return await finishEarly(run, error); // cancelled, late or broken: what is there is published
  } finally {
    await releaseBudget(run); // what was reserved in the day's budget and never sent
    await releaseLease(run);
  }
}

// A defect ends a run, visibly; by default it would be tried again without end, deaf to a cancel.
setWorkflowOptions({ failureExceptionTypes: [Error] }, enrichTable);
