import {
  type ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  log,
  patched,
} from '@temporalio/workflow';
import type { Outcome, RunSummary } from '../src/contract/run.ts';
import { outcomeOf, partialReason, unanswered } from '../src/rules/outcome.ts';
import { knownPriceText, totalUsage } from '../src/rules/usage.ts';
import { failureOf, mayHaveSent, ranOutOfTime, wasCancelled, wasRefused } from './failures.ts';
import { sweep } from './pass.ts';
import { bareSummary, notify } from './notify.ts';
import * as steps from './policies.ts';
import type { RunState } from './run-state.ts';
import type { Run } from './run.ts';
import { whole } from './words.ts';

/**
 * Copies the results to where the pipeline wants them, with manifest and quarantine. From here on
 * there is nothing left to cancel.
 */
export function publishResults(run: Run): Promise<RunSummary> {
  const { found } = run.state;
  const outcome =
    found === null ? 'failed' : outcomeOf(found.cells, run.pipeline.run.tolerateFailed);
  const reason = reasonOf(run, outcome, run.isLate() ? DEADLINE : null);
  return CancellationScope.nonCancellable(() => publish(run, outcome, reason));
}

/** What ended the run, and what is missing in its results. */
function reasonOf({ state, pipeline }: Run, outcome: Outcome, end: string | null): string | null {
  if (outcome !== 'partial' || state.found === null) return end;
  const missing = partialReason(state.found.cells, pipeline.run.tolerateFailed);
  return end === null ? missing : `${end}; ${missing}`;
}

/** In the history for good: what came of it is known without any worker. */
function publishSummary(outcome: Outcome, { found }: RunState): string {
  if (found === null) return `Publish: ${outcome}`;
  const { done, empty } = found.cells;
  const open = unanswered(found.cells);
  const counts = `${whole(done + empty)} cells done, ${whole(open)} without an answer`;
  const usage = totalUsage(found.usage);
  const price = usage === null ? '' : `, price ${knownPriceText(usage)}`;
  return `Publish the results: ${outcome}, ${counts}${price}`;
}

/** Cells that were asked for and show nothing of it yet: in a first pass, or in a rerun of failed ones. */
const notBegun = (found: RunState['found']): number =>
  (found?.waiting ?? 0) + (found?.untouched ?? 0);

/** Cells that go on at the provider, and cost, by the newest look at them; those that may begin included. */
function cellsInFlight({ open, found, cellsGivenBack }: RunState): number {
  const underWay = open?.watch.last?.cellsInProgress ?? found?.inFlight ?? 0;
  return underWay + Math.max(0, notBegun(found) - cellsGivenBack);
}

const DEADLINE = 'the deadline was reached';

async function publish(run: Run, outcome: Outcome, reason: string | null): Promise<RunSummary> {
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
        table: state.table,
        tableContested: state.tableContested ?? false,
        rows: state.prepared?.snapshot.rows ?? 0,
        found: state.found,
        passes: state.passes,
        asked: state.asked,
        calls: state.calls,
        confirmed: state.confirmed,
        queuedMore: state.queuedMore ?? null,
        approvals: state.approvals,
        estimatedCredits: state.prepared === null ? 0 : run.estimatedCredits,
        creditsAsked: state.prepared === null ? 0 : run.creditsAsked,
        creditsBefore: state.prepared?.credits ?? null,
        ...(state.prepared?.balanceProblem === undefined
          ? {}
          : { balanceProblem: state.prepared.balanceProblem }),
        startedAtMs: state.startedAtMs,
        inFlight: cellsInFlight(state),
        cellsGivenBack: state.cellsGivenBack,
        givenBackAtLeast: state.givenBackAtLeast,
        earlier: input.earlier ?? null,
      },
    ],
  );
  state.calls = summary.apiCalls;
  const before = state.prepared?.credits ?? null;
  if (before !== null && summary.balanceChange !== null) {
    state.balance = before + summary.balanceChange;
  }
  state.reason = reason;
  run.finish(outcome);
  await notify(run, summary);
  const { notified } = run.state;
  return notified.length === 0 ? summary : { ...summary, notified };
}

/** Cancelled, out of time or broken: publishes what is there; a broken run fails all the same. */
export async function conclude(run: Run, error: unknown): Promise<RunSummary> {
  if (error instanceof ContinueAsNew) throw error;
  const { state, pipeline } = run;
  const failure = failureOf(error);
  // A target that cannot be written: the results lie in the store, there is no more to save.
  if (state.stage === 'publishing results') {
    return CancellationScope.nonCancellable(() => giveUp(run, failure));
  }
  const cancelled = wasCancelled(error);
  run.cutShort = true;
  state.ending = true;
  state.problem = cancelled ? 'cancelled' : failure.message;
  state.pause = null;
  return CancellationScope.nonCancellable(async () => {
    await stopAtProvider(run);
    const looked =
      (state.asked || run.input.earlier !== undefined) && (await salvage(run, failure));
    if (cancelled) return lastPublish(run, 'cancelled', 'cancelled');
    const late = ranOutOfTime(error) || failure.type === 'deadline_reached';
    if (late && state.found !== null) {
      const outcome = outcomeOf(state.found.cells, pipeline.run.tolerateFailed);
      return lastPublish(run, outcome, reasonOf(run, outcome, DEADLINE) ?? DEADLINE);
    }
    // What an earlier scan of the table has read is paid for.
    if (wasRefused(failure) && state.found !== null && patched('publishes-what-was-read')) {
      const outcome = outcomeOf(state.found.cells, pipeline.run.tolerateFailed);
      return lastPublish(run, looked ? outcome : 'partial', failure.message);
    }
    await leaveTraces(run, failure);
    throw failure;
  });
}

/**
 * Cells that are still queued, and that nobody waits for any more, would be paid in vain, maybe long
 * after the run: the provider is told to leave them, where it can. What it had begun may have come out.
 */
export async function giveBack(run: Run): Promise<void> {
  const { state } = run;
  const { inFlight = 0 } = state.found ?? {};
  if (inFlight + notBegun(state.found) === 0 || state.table?.cancellable !== true) return;
  state.ending = true;
  await CancellationScope.nonCancellable(async () => {
    await stopAtProvider(run);
    state.next = 'wait';
    await salvage(run, null);
  });
}

/** Where the provider can: what it has not begun is not paid any more. */
async function stopAtProvider(run: Run): Promise<void> {
  const { table, loaded, open } = run.state;
  if (table?.cancellable !== true || loaded === null) return;
  try {
    const done = await steps.cancelRemote.executeWithOptions({ summary: 'Stop at the provider' }, [
      { provider: run.pipeline.provider, table, receipt: open?.receipt ?? null },
    ]);
    run.count(done);
    run.state.cellsGivenBack += done.cells ?? 0;
    run.state.givenBackAtLeast ||= done.atLeast;
  } catch (error) {
    const failure = failureOf(error);
    // What it may have cancelled all the same, nobody was told of.
    run.state.givenBackAtLeast ||= mayHaveSent(failure);
    log.warn('not stopped at the provider', { error: failure.message });
  }
}

/**
 * One more sweep of a run that broke off; the last one will do when it cannot be had.
 *
 * @param broke What it broke off for: reads that were refused long enough are not tried as long again
 * @returns whether it could be had
 */
async function salvage(run: Run, broke: ApplicationFailure | null): Promise<boolean> {
  if (run.state.table === null) return false;
  const sinceMs = broke !== null && wasRefused(broke) ? run.state.startedAtMs : null;
  try {
    await sweep(run, { handBack: false, sinceMs });
    return true;
  } catch (error) {
    log.warn('no last sweep', { error: failureOf(error).message });
    return false;
  }
}

/** A failed run that had a table leaves a manifest, and the results so far. */
async function leaveTraces(run: Run, failure: ApplicationFailure): Promise<void> {
  try {
    if (run.state.table !== null) {
      await publish(run, 'failed', failure.message);
      return;
    }
  } catch (error) {
    log.warn('nothing could be published', { error: failureOf(error).message });
  }
  await endAsFailed(run, failure);
}

/** Of a run that ends anyhow: where nothing can be published, it fails with the reason for that. */
async function lastPublish(run: Run, outcome: Outcome, reason: string): Promise<RunSummary> {
  try {
    return await publish(run, outcome, reason);
  } catch (error) {
    return giveUp(run, failureOf(error));
  }
}

async function giveUp(run: Run, failure: ApplicationFailure): Promise<never> {
  await endAsFailed(run, failure);
  throw failure;
}

async function endAsFailed(run: Run, failure: ApplicationFailure): Promise<void> {
  run.state.reason = failure.message;
  run.finish('failed');
  await notify(run, bareSummary(run, 'failed', failure.message));
}
