import { ApplicationFailure } from '@temporalio/workflow';
import type { ApprovalAsked, CellsAsked } from '../src/contract/run.ts';
import { askedText } from '../src/rules/allowed.ts';
import { limitName, needsOwner } from '../src/rules/ceiling.ts';
import { judgeCells, judgeSpend } from '../src/rules/spend.ts';
import { unpaused, untilDeadline } from './hold.ts';
import type { Run } from './run.ts';

/** Refuses above `maxCredits`; above `approveAbove` waits for the update `approveSpend`. */
export async function approveSpend(run: Run): Promise<void> {
  const { state, spend, estimatedCredits: credits } = run;
  const verdict = judgeSpend(credits, spend);
  if (verdict === 'refuse') throw refused(`estimated ${credits} credits, ${limitText(run)}`);
  if (verdict === 'go') return;
  const asked = { credits, cells: null };
  // Whoever starts a run cannot say yes for the owner of the worker.
  const byOwner = state.approvals.length === 0 && needsOwner(credits, run.prepared.ceiling ?? {});
  if (!state.approved || byOwner) {
    if (await isApproved(run, asked)) return;
    throw refused(`${credits} credits were not approved before the deadline`);
  }
  // Continued as new, it is known already who had approved it.
  if (state.approvals.length === 0) note(run, asked, 'start');
}

/**
 * A provider would run more cells than it was asked to. Nothing of them runs: refused above `maxCredits`, let
 * through up to `approveAbove`, and else waited for.
 * @returns the cells that may run
 */
export async function approveCells(run: Run, cells: CellsAsked) {
  const { state } = run;
  const { credits, verdict } = judgeCells(cells, run.estimatedCredits, run.spend);
  const asked = { credits, cells };
  if (verdict === 'refuse') throw refused(`${askedText(asked)}; ${limitText(run)}`);
  if (verdict === 'go') {
    note(run, asked, 'policy');
    return cells.affected;
  }
  const interrupted = state.stage;
  if (!(await isApproved(run, asked))) {
    const what = `not approved before the deadline: ${askedText(asked)}`;
    // What earlier passes have brought is published.
    throw state.found === null ? refused(what) : tooLate(what);
  }
  run.enter(interrupted);
  return cells.affected;
}

/** Shows what is waited for, and waits; `false` at the deadline. */
async function isApproved(run: Run, asked: ApprovalAsked): Promise<boolean> {
  const { state } = run;
  const waits = (): boolean => state.asksFor !== null;
  state.asksFor = asked;
  try {
    while (waits()) {
      run.enter('waiting for approval');
      await unpaused(run);
      const summary = `Wait for the approval of ${askedText(asked)}: update approveSpend`;
      const news = (): boolean => !waits() || state.pause !== null;
      if (!(await untilDeadline(run, summary, news))) return false;
    }
    return true;
  } finally {
    state.asksFor = null;
  }
}

const limitText = ({ pipeline, spend, prepared }: Run): string =>
  `${limitName(pipeline.spend, prepared.ceiling ?? {})} is ${spend.maxCredits ?? 0}`;

function note({ state }: Run, asked: ApprovalAsked, how: 'start' | 'policy'): void {
  state.approvals.push({ ...asked, how, by: null, atMs: Date.now() });
}

const tooLate = (what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, 'deadline_reached');

const refused = (what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, 'spend_refused');
