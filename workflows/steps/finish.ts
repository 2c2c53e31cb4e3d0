import {
  type ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  log,
} from '@temporalio/workflow';
import type { Outcome, RunSummary } from '../../src/contract/run.ts';
import { failedExpectations, outcomeWith } from '../../src/rules/answers/expectations.ts';
import { outcomeOf, partialReason, unanswered } from '../../src/rules/cells/outcome.ts';
import { totalUsage } from '../../src/rules/cells/usage.ts';
import { failedExpectationsText } from '../../src/text/expectations.ts';
import {
  cautionsOf,
  ceilingText,
  knownPriceText,
  publishedCautionsOf,
} from '../../src/text/run-facts.ts';
import { failureOf, mayHaveSent, ranOutOfTime, wasCancelled, wasRefused } from '../failures.ts';
import { expectationsOf, isWithheld, judged } from './approve-results.ts';
import { scanTable } from './scan.ts';
import { budgetOf } from './budget.ts';
import { ceilingReachedOf } from '../ceiling-left.ts';
import { incrementalOf } from './night.ts';
import { bareSummary, notify } from './notify.ts';
import * as steps from '../activities.ts';
import type { RunState } from '../run-state.ts';
import type { Run } from '../run.ts';
import { formatInteger } from '../../src/text/numbers.ts';

/**
 * Copies the results to where the pipeline wants them, with manifest and quarantine. From here on
 * there is nothing left to cancel.
 */
export function publishResults(run: Run): Promise<RunSummary> {
  const outcome = outcomeOfRun(run);
  const end = run.isLate() ? DEADLINE : null;
  const ended = { outcome, reason: reasonOf(run, outcome, end), early: end !== null };
  return CancellationScope.nonCancellable(() => publish(run, ended));
}

function outcomeOfRun(run: Run): Outcome {
  const { lastScan } = run.state;
  if (lastScan === null) return 'failed';
  // Not approved before the deadline.
  if (run.isLate() && isWithheld(run)) return 'partial';
  const { run: policy, onFailedExpectation } = run.pipeline;
  // Cells that were not asked for are not failed ones, of which some may be tolerated.
  const { cellsNotAsked = 0 } = run.state.ceilingReached ?? {};
  const isCut = cellsNotAsked > 0 && unanswered(lastScan.cells) > 0;
  const outcome = isCut ? 'partial' : outcomeOf(lastScan.cells, policy.tolerateFailed);
  return outcomeWith(outcome, judged(run), onFailedExpectation);
}

/** Describes what ended the run, and what is missing in its results. */
function reasonOf(run: Run, outcome: Outcome, end: string | null): string | null {
  const { state, pipeline } = run;
  if (outcome !== 'partial' || state.lastScan === null) return end;
  const { cells } = state.lastScan;
  const { tolerateFailed } = pipeline.run;
  const failed = failedExpectations(judged(run));
  const { ceiling } = ceilingReachedOf(run);
  const reasons = [
    ...(end === null ? [] : [end]),
    ...(ceiling === undefined ? [] : [`the ceiling was reached: ${ceilingText(ceiling)}`]),
    ...(outcomeOf(cells, tolerateFailed) === 'partial'
      ? [partialReason(cells, tolerateFailed)]
      : []),
    ...(failed.length === 0 || pipeline.onFailedExpectation === 'warn'
      ? []
      : [`expectations are not met: ${failedExpectationsText(failed)}`]),
  ];
  return reasons.length === 0 ? null : reasons.join('; ');
}

/** Summary of the step in the history: the outcome is known without a worker. */
function publishSummary(outcome: Outcome, { lastScan }: RunState): string {
  if (lastScan === null) return `Publish: ${outcome}`;
  const { done, empty } = lastScan.cells;
  const open = unanswered(lastScan.cells);
  const counts = `${formatInteger(done + empty)} cells done, ${formatInteger(open)} without an answer`;
  const usage = totalUsage(lastScan.usage);
  const price = usage === null ? '' : `, price ${knownPriceText(usage)}`;
  return `Publish the results: ${outcome}, ${counts}${price}`;
}

/** Requested cells that have not started yet, in a first pass or in a rerun of failed cells. */
const notBegun = (found: RunState['lastScan']): number =>
  (found?.waiting ?? 0) + (found?.untouched ?? 0);

/** Cells that the provider still works on and charges for, by the last reading; cells that may still start included. */
function cellsInFlight({ activePass, lastScan, cellsCancelled }: RunState): number {
  const inProgress = activePass?.tracking.last?.cellsInProgress ?? lastScan?.inFlight ?? 0;
  return inProgress + Math.max(0, notBegun(lastScan) - cellsCancelled);
}

const DEADLINE = 'the deadline was reached';

/** End of a run, as its results are published. */
interface Ended {
  outcome: Outcome;
  reason: string | null;
  /** Cancelled, failed, or at its deadline. */
  early: boolean;
}

async function publish(run: Run, { outcome, reason, early }: Ended): Promise<RunSummary> {
  const { state, pipeline, input } = run;
  run.enter('publishing results');
  const summary = await steps.publishResults.executeWithOptions(
    run.withinGrace(publishSummary(outcome, state)),
    [
      {
        run: run.key,
        runId: run.runId,
        pipeline,
        outcome,
        reason,
        endedEarly: early,
        ...expectationsOf(run),
        ...(state.canary === undefined ? {} : { canary: state.canary }),
        // Its columns would only fill the history.
        table: state.table === null ? null : { ...state.table, columns: [] },
        tableMayHaveDuplicates: state.tableMayHaveDuplicates,
        rows: state.prepared?.snapshot.rows ?? 0,
        lastScan: state.lastScan,
        passes: state.passes,
        paidRequestSent: state.paidRequestSent,
        calls: state.calls,
        confirmed: state.confirmed,
        queuedMore: state.queuedMore ?? null,
        approvals: state.approvals,
        estimatedCredits: state.prepared === null ? 0 : run.estimatedCredits,
        creditsRequested: state.prepared === null ? 0 : run.creditsRequested,
        asked: state.asked,
        creditsPerCell: state.prepared?.spend.creditsPerCell ?? 1,
        ...ceilingReachedOf(run),
        ...budgetOf(run),
        ...(run.owner === null ? {} : { owner: run.owner }),
        creditsBefore: state.prepared?.credits ?? null,
        ...cautionsOf(null, state.prepared),
        startedAtMs: state.startedAtMs,
        inFlight: cellsInFlight(state),
        cellsCancelled: state.cellsCancelled,
        cellsCancelledIsMinimum: state.cellsCancelledIsMinimum,
        previousRun: input.previousRun ?? null,
        ...incrementalOf(run),
      },
    ],
  );
  state.calls = summary.apiCalls;
  const before = state.prepared?.credits ?? null;
  if (before !== null && summary.balanceChange !== null) {
    state.balance = before + summary.balanceChange;
  }
  // Includes the publication, if the run was cancelled.
  state.reason = summary.reason;
  state.published = publishedCautionsOf(summary);
  run.finish(outcome);
  await notify(run, summary);
  const { notified } = run.state;
  return notified.length === 0 ? summary : { ...summary, notified };
}

/** Ends a run that was cancelled, ran out of time or failed: publishes what is there. A failed run still fails. */
export async function finishEarly(run: Run, error: unknown): Promise<RunSummary> {
  if (error instanceof ContinueAsNew) throw error;
  const { state } = run;
  const failure = failureOf(error);
  // A target cannot be written. The results are in the store: nothing is left to save.
  if (state.stage === 'publishing results') {
    return CancellationScope.nonCancellable(() => failWithoutPublishing(run, failure));
  }
  const cancelled = wasCancelled(error);
  run.endingEarly = true;
  state.finishing = true;
  state.problem = cancelled ? 'cancelled' : failure.message;
  state.pause = null;
  return CancellationScope.nonCancellable(async () => {
    await stopTableRun(run);
    const scanned = mayHaveAnswers(run) && (await tryFinalScan(run, failure));
    if (cancelled) {
      const { cancelledBy } = state;
      const reason = cancelledBy === undefined ? 'cancelled' : `cancelled by ${cancelledBy}`;
      return lastPublish(run, 'cancelled', reason);
    }
    const late = ranOutOfTime(error) || failure.type === 'deadline_reached';
    if (late && state.lastScan !== null) {
      const outcome = outcomeOfRun(run);
      return lastPublish(run, outcome, reasonOf(run, outcome, DEADLINE) ?? DEADLINE);
    }
    // Results of an earlier scan are paid for.
    if (wasRefused(failure) && state.lastScan !== null) {
      const outcome = outcomeOfRun(run);
      return lastPublish(run, scanned ? outcome : 'partial', failure.message);
    }
    await publishPartial(run, failure);
    throw failure;
  });
}

/**
 * Cancels the cells that are still queued: they would be paid for after the run has stopped waiting.
 * Cells that the provider had started may still complete, so the table is scanned once more.
 */
export async function cancelQueuedCells(run: Run): Promise<void> {
  const { state } = run;
  const { inFlight = 0 } = state.lastScan ?? {};
  if (inFlight + notBegun(state.lastScan) === 0 || state.table?.cancellable !== true) return;
  state.finishing = true;
  await CancellationScope.nonCancellable(async () => {
    await stopTableRun(run);
    state.nextPass = 'wait';
    await tryFinalScan(run, null);
  });
}

/** Asks the provider to cancel what it has not started, where its API can: those cells are not paid for. */
async function stopTableRun(run: Run): Promise<void> {
  const { table, loaded, activePass } = run.state;
  if (table?.cancellable !== true || loaded === null) return;
  try {
    const done = await steps.cancelQueuedCells.executeWithOptions(
      { summary: 'Stop at the provider' },
      [{ provider: run.pipeline.provider, table, tableRun: activePass?.tableRun ?? null }],
    );
    run.count(done);
    run.state.cellsCancelled += done.cells ?? 0;
    run.state.cellsCancelledIsMinimum ||= done.isMinimum;
  } catch (error) {
    const failure = failureOf(error);
    // The request may have cancelled cells that no reply reported.
    run.state.cellsCancelledIsMinimum ||= mayHaveSent(failure);
    log.warn('not stopped at the provider', { error: failure.message });
  }
}

/**
 * Checks whether a last scan can find answers. A rerun that has not loaded its rows cannot be
 * scanned: rows may be missing, and the scan would wait for them.
 */
const mayHaveAnswers = ({ state, input }: Run): boolean =>
  state.paidRequestSent || (input.previousRun !== undefined && state.loaded !== null);

/**
 * Scans the table of a run that ends early once more; without it the previous scan is used.
 *
 * @param cause Why the run ends early: reads that were refused for long are not retried as long again
 * @returns whether the scan completed
 */
async function tryFinalScan(run: Run, cause: ApplicationFailure | null): Promise<boolean> {
  if (run.state.table === null) return false;
  const sinceMs = cause !== null && wasRefused(cause) ? run.state.startedAtMs : null;
  try {
    await scanTable(run, { mayYield: false, sinceMs });
    return true;
  } catch (error) {
    log.warn('no last scan', { error: failureOf(error).message });
    return false;
  }
}

/** Publishes the manifest and the results so far of a failed run that had a table. */
async function publishPartial(run: Run, failure: ApplicationFailure): Promise<void> {
  try {
    if (run.state.table !== null) {
      await publish(run, { outcome: 'failed', reason: failure.message, early: true });
      return;
    }
  } catch (error) {
    log.warn('nothing could be published', { error: failureOf(error).message });
  }
  await markFailed(run, failure);
}

/** Publishes a run that ends early; fails with the reason where publishing fails. */
async function lastPublish(run: Run, outcome: Outcome, reason: string): Promise<RunSummary> {
  try {
    return await publish(run, { outcome, reason, early: true });
  } catch (error) {
    return failWithoutPublishing(run, failureOf(error));
  }
}

async function failWithoutPublishing(run: Run, failure: ApplicationFailure): Promise<never> {
  await markFailed(run, failure);
  throw failure;
}

async function markFailed(run: Run, failure: ApplicationFailure): Promise<void> {
  run.state.reason = failure.message;
  run.finish('failed');
  await notify(run, bareSummary(run, 'failed', failure.message));
}
