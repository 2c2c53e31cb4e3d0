import { ApplicationFailure } from '@temporalio/workflow';
import type { StartedPass, StartPassInput } from '../../activities/start-pass.ts';
import type { PassAccount } from '../../src/contract/spend.ts';
import type { RunMode } from '../../src/contract/table.ts';
import { askedByColumn, sumAsked, type CellLimits } from '../../src/rules/cells/cell-set.ts';
import { computedCells } from '../../src/rules/cells/cells.ts';
import {
  isRerun,
  planNextPass,
  unpaidPass,
  quietMsOf,
  type PassKind,
} from '../../src/rules/passes/passes.ts';
import { checkCellSpend, unitsOf } from '../../src/rules/spend/spend.ts';
import { startTracking } from '../../src/rules/passes/tracking.ts';
import { noteReserved, noteSent, reservePass } from './budget.ts';
import { creditsOfPass, limitsOfPass, mayAsk, noteCut, type JudgedPass } from './ceiling.ts';
import { approveCells } from './approve-spend.ts';
import { executeStep } from '../control/execute-step.ts';
import { failureOf, mayHaveSent, ranOutOfTime, wasCancelled } from '../failures.ts';
import * as steps from '../activities.ts';
import type { Run } from '../run.ts';
import { nightOf } from './night.ts';
import { loadRows } from './table.ts';

/** Summaries of the start step in the Temporal UI. */
const SUMMARY: Record<PassKind, string> = {
  first: 'Run every cell',
  failed: 'Rerun failed cells',
  'newly-failed': 'Rerun cells that failed for the first time',
  'follow-up': 'Run cells that can start only now',
  stage: 'Run cells whose conditions hold',
  nudge: 'Nudge stalled cells',
  wait: 'Wait on',
};

/** Starts the next pass; a paid request is sent once. */
export async function startPass(run: Run): Promise<void> {
  const { state } = run;
  if (state.activePass !== null) return;
  if (state.nextPass === 'wait') {
    keepWaiting(run);
    return;
  }
  await approveMore(run);
  run.enter(isRerun(state.nextPass) ? 'rerunning failed cells' : 'starting run');
  while (!(await sendPass(run, state.nextPass))) {
    // Rows were committed late or deleted since they were loaded: repaired before anything is paid for.
    state.loaded = null;
    await loadRows(run);
  }
}

/** Waits for an approval where the provider ran more cells than were requested. */
async function approveMore(run: Run): Promise<void> {
  const { state } = run;
  if (state.queuedMore === undefined || !state.mustApproveMore) return;
  await approveCells(run, state.queuedMore);
  state.mustApproveMore = false;
}

/** `false` when the table does not have the rows that it should. */
async function sendPass(run: Run, kind: PassKind): Promise<boolean> {
  const { state } = run;
  const limits = await limitsOfPass(run, judged(run, kind));
  let done = await send(run, { kind, limits }, { startedRuns: [] }, 0);
  let cellsBeyond = 0;
  while (!done.drifted && done.needsApproval !== undefined) {
    // An approval is not kept: the provider asks again, and may then need another one.
    const { needsApproval, startedRuns } = done;
    const passCredits = creditsOfPass(run, judged(run, kind), limits);
    const approvedCells = await approveCells(run, needsApproval, passCredits);
    cellsBeyond += Math.max(0, approvedCells - needsApproval.requested);
    done = await send(run, { kind, limits }, { approvedCells, startedRuns }, cellsBeyond);
  }
  if (done.drifted) return false;
  if (limits !== undefined) noteCut(run, judged(run, kind), limits);
  state.activePass = { kind, tableRun: done.tableRun, tracking: done.tracking, end: null };
  if (limits !== undefined) state.activePass.cutPass = state.passes + 1;
  if (done.queuedMore !== undefined) {
    const { requested, affected } = state.queuedMore ?? { requested: 0, affected: 0 };
    state.queuedMore = {
      requested: requested + done.queuedMore.requested,
      affected: affected + done.queuedMore.affected,
    };
    state.mustApproveMore = true;
  }
  const asked = done.asked ?? { new: done.requestedCells ?? {} };
  const units = unitsOf(askedByColumn(asked), run.prepared.weights);
  state.unitsRequested += units;
  const { queuedMore } = done;
  const queuedBeyond = queuedMore === undefined ? 0 : queuedMore.affected - queuedMore.requested;
  state.unitsAsked = (state.unitsAsked ?? 0) + units + Math.max(0, cellsBeyond + queuedBeyond);
  state.asked = sumAsked(state.asked, asked);
  if (state.night !== undefined && (kind === 'first' || kind === 'stage')) {
    state.firstAsked = sumAsked(state.firstAsked ?? {}, asked);
  }
  state.passes += 1;
  return true;
}

/** @param cellsBeyond Approved cells that the provider runs beside those of the pass */
async function send(
  run: Run,
  { kind, limits }: { kind: PassKind; limits: CellLimits | undefined },
  allowed: Pick<StartPassInput, 'approvedCells' | 'startedRuns'>,
  cellsBeyond: number,
): Promise<StartedPass> {
  const { state, pipeline } = run;
  for (;;) {
    const done = await executeStep(run, async (resumedAfterInterrupt, trouble) => {
      const reserved = await reservePass(
        run,
        creditsOfPass(run, judged(run, kind), limits),
        cellsBeyond,
      );
      const mayBeSent = resumedAfterInterrupt || allowed.startedRuns.length > 0;
      if (reserved !== null) noteReserved(run, mayBeSent);
      // No worker was available, or loading took until now: the run could not wait for what it would
      // pay for.
      if (run.isLate()) throw deadlineReached();
      state.paidRequestSent = true;
      const sent = await trackUnsent(run, mayBeSent, SUMMARY[kind], [
        {
          run: run.key,
          provider: pipeline.provider,
          table: run.table,
          mode: modeOf(run, kind),
          pass: state.passes + 1,
          kind,
          scan: state.lastScan?.scan ?? null,
          rows: rowsOf(run),
          mayHaveDuplicates: state.loaded?.mayHaveDuplicates ?? false,
          requireProgress: kind === 'nudge',
          ...(limits === undefined ? {} : { limits }),
          account: accountOf(run),
          resumedAfterInterrupt,
          ...(reserved === null ? {} : { sendBeforeMs: reserved.endsAtMs }),
          trouble,
          ...allowed,
        },
      ]);
      const isAccepted = !('expired' in sent) && !sent.drifted && sent.needsApproval === undefined;
      const hasStarted = 'startedRuns' in sent && sent.startedRuns.length > 0;
      if (isAccepted || hasStarted) noteSent(run);
      if (isAccepted && state.budget !== undefined) state.budget.credits += reserved?.credits ?? 0;
      return sent;
    });
    run.count(done);
    // The day of its reservation was over before it was sent: another day, another reservation.
    if (!('expired' in done)) return done;
  }
}

/** Facts that the cells of a pass depend on. */
const judged = (run: Run, kind: PassKind): JudgedPass => ({
  kind,
  mode: modeOf(run, kind),
  rows: rowsOf(run),
});

/** The pass that is sent next, for the ledger. */
function accountOf({ state, pipeline, prepared, spend, owner }: Run): PassAccount {
  const account: PassAccount = {
    pipeline: pipeline.name,
    pass: state.passes + 1,
    creditsPerCell: spend.creditsPerCell,
    weights: prepared.weights,
  };
  return owner === null ? account : { ...account, owner };
}

/** Sends a pass, and notes where the provider refused all of it: nothing was asked for then. */
async function trackUnsent(
  run: Run,
  mayBeSent: boolean,
  summary: string,
  args: [StartPassInput],
): ReturnType<typeof steps.startPass> {
  const { state } = run;
  state.passUnsent = false;
  try {
    return await steps.startPass.executeWithOptions(run.within(summary), args);
  } catch (error) {
    const isKnown = !wasCancelled(error) && !ranOutOfTime(error);
    state.passUnsent = isKnown && !mayBeSent && !mayHaveSent(failureOf(error));
    if (!state.passUnsent) noteSent(run);
    throw error;
  }
}

/** Rows in the table: fewer than in the snapshot where the API has refused some. */
const rowsOf = ({ state, prepared }: Run): number => state.loaded?.rows ?? prepared.snapshot.rows;

const deadlineReached = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    'the deadline was reached before cells could be asked for',
    'deadline_reached',
  );

/** Selects the mode: a rerun never pays again for completed cells, even with `mode: all`. */
function modeOf(run: Run, kind: PassKind): RunMode {
  const { pipeline, input } = run;
  if (isRerun(kind)) return 'failed';
  const isNew = input.previousRun === undefined && nightOf(run) === null;
  return kind === 'first' && isNew ? pipeline.run.mode : 'new';
}

/** Sends nothing: the cells in flight get more time than the status suggested. */
function keepWaiting(run: Run): void {
  const { state } = run;
  const { inFlight = 0, waiting = 0, untouched = 0 } = state.lastScan ?? {};
  const start = {
    doneAtStart: state.doneCells,
    requireProgress: true,
    requestedCells: inFlight + waiting + untouched,
    quietMs: quietMsOf(state.passHistory?.waits ?? 0, run.policy.stallAfterMs),
  };
  const before = {
    cellsTotal: computedCells(run.table, rowsOf(run)),
    cellsDone: state.doneCells,
  };
  const tableRun = { operations: [], requestedCells: null, before };
  state.activePass = {
    kind: 'wait',
    tableRun,
    tracking: startTracking(start, Date.now()),
    end: null,
  };
}

/** Checks whether the night's own pass is due: it comes before those of the policy. */
function isFirstOfNight(run: Run): boolean {
  const { lastScan, passes } = run.state;
  if (nightOf(run) === null || passes > 0 || lastScan?.scan !== 1) return false;
  return Object.values(lastScan.asks?.['first'] ?? {}).some((cells) => cells > 0);
}

/** Checks whether the run is above `spend.maxCredits`, where no approval lets it continue. */
export function mayNotPayMore({ state, pipeline, spend, estimatedCredits }: Run): boolean {
  if (state.queuedMore === undefined || !state.mustApproveMore) return false;
  // In recorded histories, workers judged by the pipeline's own limits only.
  const policy = state.prepared?.judgesPasses === true ? spend : pipeline.spend;
  return checkCellSpend(state.queuedMore, estimatedCredits, policy).verdict === 'refuse';
}

/** Checks whether a pass is in progress; otherwise plans the next one, if due. */
export function hasNextPass(run: Run): boolean {
  const { state, pipeline } = run;
  const { activePass, lastScan, passHistory } = state;
  // The first pass of a new table, or one that went on from a run before.
  if (activePass !== null || lastScan === null || passHistory === null) return true;
  // The last scan took until now: the run could not wait for what it would pay for.
  if (run.isLate()) return false;
  const limits = { policy: pipeline.run, mayPay: !mayNotPayMore(run) };
  const { pass: planned, ...due } = planNextPass(lastScan, passHistory, state, limits);
  // A night's own pass comes before those of the policy.
  const isFirst = limits.mayPay && isFirstOfNight(run);
  const pass = isFirst ? 'first' : planned;
  const isUnderCeiling = pass === null || pass === 'wait' || mayAsk(run, judged(run, pass));
  const next = isUnderCeiling ? pass : unpaidPass(lastScan, passHistory);
  Object.assign(
    state,
    isUnderCeiling && !isFirst ? due : {},
    next === null ? {} : { nextPass: next, passUnsent: true },
  );
  return next !== null;
}
