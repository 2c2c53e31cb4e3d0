import { accountHold, type AccountHold } from '../src/rules/account.ts';
import { countsOf, failureOf, mayHaveSent, ranOutOfTime, wasCancelled } from './failures.ts';
import { BROKEN_OFF, breakable, unpaused } from './hold.ts';
import { checkCredits, pollingSteps } from './policies.ts';
import type { Run } from './run.ts';

/** `again`: it was begun before, and its last request may still be on its way. */
type StepOf<R> = (again: boolean) => Promise<R>;

/**
 * Does a step, not before the run is unpaused; where the account stands in its way, waits for that
 * to end and does it again.
 */
export async function patiently<R>(run: Run, step: StepOf<R>): Promise<R> {
  let again = false;
  let holds = 0;
  for (;;) {
    await unpaused(run);
    try {
      return await step(again);
    } catch (error) {
      const failure = failureOf(error);
      run.count(countsOf(failure));
      if (wasCancelled(error) || run.isLate()) throw error;
      const expired = hasTimeAgain(run, error);
      again ||= expired || mayHaveSent(failure);
      if (expired) continue;
      const hold = accountHold(failure.type);
      if (hold === null) throw error;
      await waitForAccount(run, hold, failure.message, holds);
      holds += 1;
      // Still not usable at the deadline: the step's own error says why.
      if (run.isLate()) throw error;
    }
  }
}

/** The same for a step that a pause breaks off in the middle, and that is begun anew then. */
export async function breakably<R>(run: Run, step: StepOf<R>): Promise<R> {
  let broken = false;
  for (;;) {
    const result = await patiently(run, (again) => breakable(run, () => step(again || broken)));
    if (result !== BROKEN_OFF) return result;
    broken = true;
  }
}

/** Whether a step ran out of time whose deadline somebody had put off while it was tried. */
export const hasTimeAgain = (run: Run, error: unknown): boolean =>
  ranOutOfTime(error) && !run.isLate();

/** Cells that do not move may just lack the credits to start: then that is what is waited for. */
export async function waitIfBroke(run: Run): Promise<boolean> {
  const look = await patiently(run, () =>
    checkCredits.executeWithOptions(run.within('Nothing moves: are there credits left?'), [
      { provider: run.pipeline.provider },
    ]),
  );
  run.count(look);
  run.state.balance = look.credits;
  if (look.credits === null || look.credits > 0) return false;
  await waitForAccount(run, 'waiting for credits', 'the account has no credits left');
  return true;
}

/** Visible as such; goes on by itself when the account is usable, or at once by `resume`. */
async function waitForAccount(
  run: Run,
  hold: AccountHold,
  problem: string,
  inVain = 0,
): Promise<void> {
  const { state, pipeline } = run;
  const interrupted = state.stage;
  state.problem = problem;
  run.enter(hold);
  const { awaitAccount } = pollingSteps();
  const seen = await breakable(run, () =>
    awaitAccount.executeWithOptions(run.within(`Wait for the account: ${hold}`), [
      { provider: pipeline.provider, deadlineAtMs: state.deadlineAtMs, inVain },
    ]),
  );
  // Resumed by somebody: the step itself will tell whether they were right.
  if (seen !== BROKEN_OFF) {
    run.count(seen);
    state.balance = seen.credits;
  }
  state.problem = null;
  run.enter(interrupted);
}
