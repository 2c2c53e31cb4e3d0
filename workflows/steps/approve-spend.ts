import { ApplicationFailure } from '@temporalio/workflow';
import type { ApprovalRequest, CellCountMismatch } from '../../src/contract/run.ts';
import { approvalRequestText } from '../../src/text/run-facts.ts';
import { limitName, needsOwner } from '../../src/rules/spend/ceiling.ts';
import { checkCellSpend, checkSpend, fitsNoCell } from '../../src/rules/spend/spend.ts';
import { joinBudget } from './budget.ts';
import { ceilingOf, creditsAsked } from '../ceiling-left.ts';
import { waitWhilePaused, waitUntilOrDeadline } from '../control/pause.ts';
import type { Run } from '../run.ts';

/**
 * Refuses above `maxCredits`, unless `onCeiling` says what to do there; above `approveAbove` waits for the
 * update `approveSpend`.
 */
export async function approveSpend(run: Run): Promise<void> {
  await joinBudget(run);
  const { state, spend, estimatedCredits: credits } = run;
  const { ceiling, weights } = run.prepared;
  const verdict = checkSpend(credits, spend);
  if (verdict === 'refuse' || fitsNoCell(spend, weights)) {
    throw refused(`estimated ${credits} credits, ${limitText(run)}`);
  }
  if (verdict === 'go') return;
  const { maxCredits = Infinity, onCeiling } = spend;
  if (onCeiling === 'ask' && credits > maxCredits) {
    await raiseAtStart(run, maxCredits);
    return;
  }
  const request = { credits, cells: null };
  // A client that starts a run cannot approve for the owner of the worker.
  const byOwner = state.approvals.length === 0 && needsOwner(credits, ceiling);
  if (!state.approved || byOwner) {
    if (await isApproved(run, request)) return;
    throw refused(`${credits} credits were not approved before the deadline`);
  }
  // Continued as new, it is known already who had approved it.
  if (state.approvals.length === 0) note(run, request, 'start');
}

/** The estimate is above the ceiling: an approval raises it, but never above the owner's limit. */
async function raiseAtStart(run: Run, ceiling: number): Promise<void> {
  const { state, prepared, estimatedCredits: credits } = run;
  // Continued as new, it was approved already.
  if ((state.ceilingRaisedTo ?? 0) >= credits) return;
  const { maxCredits: owners = Infinity } = prepared.ceiling;
  if (credits > owners) {
    const limit = `ROWMILL_MAX_CREDITS_PER_RUN of the worker is ${owners}`;
    throw refused(`estimated ${credits} credits, ${limit}`);
  }
  // An approval that came with the start is of the estimate, and not of a higher ceiling.
  if (!(await isApproved(run, { credits, cells: null, ceiling }))) {
    throw refused(`${credits} credits were not approved before the deadline`);
  }
  state.ceilingRaisedTo = credits;
}

/**
 * A provider would run more cells than it was asked to. Nothing of them runs: refused above `maxCredits`, let
 * through up to `approveAbove`, and else waited for.
 * @param passCredits Credits of the pass without them
 * @returns the cells that may run
 */
export async function approveCells(run: Run, cells: CellCountMismatch, passCredits = 0) {
  const { state, spend } = run;
  const { credits, verdict } = checkCellSpend(cells, run.estimatedCredits, spend);
  const request = { credits, cells };
  const beyond = (cells.affected - cells.requested) * spend.creditsPerCell;
  const isAbove = creditsAsked(run) + passCredits + beyond > ceilingOf(run);
  if (verdict === 'refuse' || isAbove)
    throw refused(`${approvalRequestText(request)}; ${limitText(run)}`);
  if (verdict === 'go') {
    note(run, request, 'policy');
    return cells.affected;
  }
  const interrupted = state.stage;
  if (!(await isApproved(run, request))) {
    const what = `not approved before the deadline: ${approvalRequestText(request)}`;
    // The results of earlier passes are published.
    throw state.lastScan === null ? refused(what) : tooLate(what);
  }
  run.enter(interrupted);
  return cells.affected;
}

/** Shows what is waited for, and waits; `false` at the deadline. */
export async function isApproved(run: Run, request: ApprovalRequest): Promise<boolean> {
  const { state } = run;
  const waits = (): boolean => state.pendingApproval !== null;
  state.pendingApproval = request;
  try {
    while (waits()) {
      run.enter('waiting for approval');
      await waitWhilePaused(run);
      const what = approvalRequestText(request).slice(0, 200);
      const summary = `Wait for the approval of ${what}: update approveSpend`;
      const news = (): boolean => !waits() || state.pause !== null;
      if (!(await waitUntilOrDeadline(run, summary, news))) return false;
    }
    return true;
  } finally {
    state.pendingApproval = null;
  }
}

const limitText = ({ pipeline, spend, prepared }: Run): string =>
  `${limitName(pipeline.spend, prepared.ceiling)} is ${spend.maxCredits ?? 0}`;

function note({ state }: Run, request: ApprovalRequest, how: 'start' | 'policy'): void {
  state.approvals.push({ ...request, how, by: null, atMs: Date.now() });
}

const tooLate = (what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, 'deadline_reached');

const refused = (what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, 'spend_refused');
