import type { ApplicationFailure } from '@temporalio/workflow';
import type { TroubleInput } from '../../activities/runtime/trouble.ts';
import { accountWait, type AccountWait } from '../../src/rules/account-wait.ts';
import {
  countsOf,
  failureOf,
  mayHaveSent,
  ranOutOfTime,
  waitingIn,
  wasCancelled,
} from '../failures.ts';
import { INTERRUPTED, interruptible, waitWhilePaused } from './pause.ts';
import { checkCredits, pollingSteps } from '../activities.ts';
import type { Run } from '../run.ts';

/** `again`: the step was started before, and its last request may still be committed. */
type StepOf<R> = (again: boolean, trouble: TroubleInput) => Promise<R>;

/**
 * Executes a step once the run is not paused. Where the account or the API blocks it, waits until the
 * block ends and executes it again.
 */
export async function executeStep<R>(run: Run, step: StepOf<R>): Promise<R> {
  let again = false;
  let failedWaits = 0;
  let sinceMs: number | null = null;
  for (;;) {
    await waitWhilePaused(run);
    const { deadlineAtMs } = run.state;
    try {
      const result = await step(again, { mayYield: true, sinceMs });
      if (sinceMs !== null) run.state.problem = null;
      return result;
    } catch (error) {
      const failure = failureOf(error);
      run.count(countsOf(failure));
      if (wasCancelled(error) || run.isLate()) throw error;
      const expired = deadlineExtended(run, error, deadlineAtMs);
      again ||= expired || mayHaveSent(failure);
      if (expired) continue;
      const waiting = waitingIn(failure);
      if (waiting !== null) {
        sinceMs ??= waiting.sinceMs;
        await waitForApi(run, failure, failedWaits);
        failedWaits += 1;
        if (run.isLate()) throw error;
        continue;
      }
      sinceMs = null;
      const accountStage = accountWait(failure.type);
      if (accountStage === null) throw error;
      await waitForAccount(run, accountStage, failure.message, failedWaits);
      failedWaits += 1;
      // Still not usable at the deadline: the step's own error is the reason.
      if (run.isLate()) throw error;
    }
  }
}

/** Executes a step that a pause interrupts; the step then restarts. */
export async function executeInterruptibleStep<R>(run: Run, step: StepOf<R>): Promise<R> {
  let interrupted = false;
  for (;;) {
    const result = await executeStep(run, (again, trouble) =>
      interruptible(run, () => step(again || interrupted, trouble)),
    );
    if (result !== INTERRUPTED) return result;
    interrupted = true;
  }
}

/**
 * Checks whether a step timed out by a deadline that the operator has extended meanwhile. Without an
 * extension the next attempt does not fit before the deadline, and neither would a repeated step.
 *
 * @param deadlineAtMs Deadline when the step began, epoch ms
 */
export const deadlineExtended = (run: Run, error: unknown, deadlineAtMs: number): boolean =>
  ranOutOfTime(error) && !run.isLate() && run.state.deadlineAtMs > deadlineAtMs;

/**
 * Waits for the API, shown as a stage; continues when the API answers, or at once on `resume`. An exhausted
 * quota answers like a rate limit, so the account is checked, too.
 */
export async function waitForApi(
  run: Run,
  failure: ApplicationFailure,
  failedWaits: number,
): Promise<void> {
  const { state, pipeline } = run;
  const interrupted = state.stage;
  state.problem = failure.message;
  state.apiSilentSinceMs = waitingIn(failure)?.sinceMs ?? Date.now();
  run.enter('waiting for the API');
  if (failure.type === 'rate_limited') {
    const { credits } = await checkQuota(run);
    if (credits !== null && credits <= 0) {
      run.enter(interrupted);
      await waitForAccount(run, 'waiting for credits', failure.message, failedWaits);
      return;
    }
    run.enter('waiting for the API');
  }
  const { awaitAccount } = pollingSteps();
  const waited = await interruptible(run, () =>
    awaitAccount.executeWithOptions(run.within('Wait for the API'), [
      {
        provider: pipeline.provider,
        deadlineAtMs: state.deadlineAtMs,
        failedWaits,
        // Columns are not needed to look, and would only fill the history.
        table: state.table === null ? null : { ...state.table, columns: [] },
      },
    ]),
  );
  if (waited !== INTERRUPTED) run.count(waited);
  run.enter(interrupted);
}

async function checkQuota(run: Run): Promise<{ credits: number | null }> {
  const { state, pipeline } = run;
  try {
    const account = await checkCredits.executeWithOptions(
      run.within('Refused as too many requests: is a quota used up?'),
      [{ provider: pipeline.provider, quota: true }],
    );
    run.count(account);
    state.balance = account.credits ?? state.balance;
    const { credits, plan = null } = account;
    const has = credits === null ? 'its balance cannot be read' : `it has ${credits} credits`;
    const of = plan === null ? '' : `, ${plan}`;
    state.problem = `${state.problem ?? ''} It may be a quota of the account: ${has}${of}.`.trim();
    return account;
  } catch (error) {
    if (wasCancelled(error)) throw error;
    return { credits: null };
  }
}

/** Waits for the account, shown as a stage; continues when it is usable, or at once on `resume`. */
export async function waitForAccount(
  run: Run,
  accountStage: AccountWait,
  problem: string,
  failedWaits = 0,
): Promise<void> {
  const { state, pipeline } = run;
  const interrupted = state.stage;
  state.problem = problem;
  run.enter(accountStage);
  const { awaitAccount } = pollingSteps();
  const waited = await interruptible(run, () =>
    awaitAccount.executeWithOptions(run.within(`Wait for the account: ${accountStage}`), [
      { provider: pipeline.provider, deadlineAtMs: state.deadlineAtMs, failedWaits },
    ]),
  );
  // After `resume` the step itself shows whether the account is usable.
  if (waited !== INTERRUPTED) {
    run.count(waited);
    state.balance = waited.credits;
  }
  state.problem = null;
  run.enter(interrupted);
}
