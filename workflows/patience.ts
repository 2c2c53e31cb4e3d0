import { type ApplicationFailure, patched } from '@temporalio/workflow';
import type { TroubleInput } from '../activities/trouble.ts';
import { accountHold, type AccountHold } from '../src/rules/account.ts';
import {
  countsOf,
  failureOf,
  mayHaveSent,
  ranOutOfTime,
  waitingIn,
  wasCancelled,
} from './failures.ts';
import { BROKEN_OFF, breakable, unpaused } from './hold.ts';
import { checkCredits, pollingSteps } from './policies.ts';
import type { Run } from './run.ts';

/** `again`: it was begun before, and its last request may still be on its way. */
type StepOf<R> = (again: boolean, trouble: TroubleInput) => Promise<R>;

/**
 * Does a step, not before the run is unpaused; where the account or the API stands in its way, waits
 * for that to end and does it again.
 */
export async function patiently<R>(run: Run, step: StepOf<R>): Promise<R> {
  let again = false;
  let holds = 0;
  let sinceMs: number | null = null;
  for (;;) {
    await unpaused(run);
    try {
      const result = await step(again, { handBack: true, sinceMs });
      if (sinceMs !== null) run.state.problem = null;
      return result;
    } catch (error) {
      const failure = failureOf(error);
      run.count(countsOf(failure));
      if (wasCancelled(error) || run.isLate()) throw error;
      const expired = hasTimeAgain(run, error);
      again ||= expired || mayHaveSent(failure);
      if (expired) continue;
      const waiting = waitingIn(failure);
      // Only steps that were allowed to hand back: those of older versions never were.
      if (waiting !== null && patched('waits-for-api')) {
        sinceMs ??= waiting.sinceMs;
        await waitForApi(run, failure, holds);
        holds += 1;
        if (run.isLate()) throw error;
        continue;
      }
      sinceMs = null;
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
    const result = await patiently(run, (again, trouble) =>
      breakable(run, () => step(again || broken, trouble)),
    );
    if (result !== BROKEN_OFF) return result;
    broken = true;
  }
}

/** Whether a step ran out of time whose deadline somebody had put off while it was tried. */
export const hasTimeAgain = (run: Run, error: unknown): boolean =>
  ranOutOfTime(error) && !run.isLate();

/**
 * Visible as such; goes on by itself when the API answers, or at once by `resume`. A quota that is used up
 * answers as a rate limit does: then the account tells.
 */
export async function waitForApi(
  run: Run,
  failure: ApplicationFailure,
  inVain: number,
): Promise<void> {
  const { state, pipeline } = run;
  const interrupted = state.stage;
  state.problem = failure.message;
  run.enter('waiting for the API');
  if (failure.type === 'rate_limited') {
    const { credits } = await lookForQuota(run);
    if (credits !== null && credits <= 0) {
      run.enter(interrupted);
      await waitForAccount(run, 'waiting for credits', failure.message, inVain);
      return;
    }
    run.enter('waiting for the API');
  }
  const { awaitAccount } = pollingSteps();
  const seen = await breakable(run, () =>
    awaitAccount.executeWithOptions(run.within('Wait for the API'), [
      {
        provider: pipeline.provider,
        deadlineAtMs: state.deadlineAtMs,
        inVain,
        // Columns are not needed to look, and would only fill the history.
        table: state.table === null ? null : { ...state.table, columns: [] },
      },
    ]),
  );
  if (seen !== BROKEN_OFF) run.count(seen);
  run.enter(interrupted);
}

async function lookForQuota(run: Run): Promise<{ credits: number | null }> {
  const { state, pipeline } = run;
  try {
    const look = await checkCredits.executeWithOptions(
      run.within('Refused as too many requests: is a quota used up?'),
      [{ provider: pipeline.provider, quota: true }],
    );
    run.count(look);
    state.balance = look.credits ?? state.balance;
    const { credits, plan = null } = look;
    const has = credits === null ? 'its balance cannot be read' : `it has ${credits} credits`;
    const of = plan === null ? '' : `, ${plan}`;
    state.problem = `${state.problem ?? ''} It may be a quota of the account: ${has}${of}.`.trim();
    return look;
  } catch (error) {
    if (wasCancelled(error)) throw error;
    return { credits: null };
  }
}

/** Visible as such; goes on by itself when the account is usable, or at once by `resume`. */
export async function waitForAccount(
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
