import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Stage } from '../src/contract/run.ts';
import { failureOf } from './failures.ts';
import { checkCredits, pollingSteps } from './policies.ts';
import type { Run } from './run.ts';

type Hold = Extract<Stage, 'waiting for credits' | 'waiting for credentials'>;

/** What stands in the way is the account: somebody has to put it right, the run is not at fault. */
const HOLDS: Readonly<Record<string, Hold>> = {
  insufficient_credits: 'waiting for credits',
  unauthorized: 'waiting for credentials',
  forbidden: 'waiting for credentials',
  token_missing: 'waiting for credentials',
};

/** Does a step; where the account stands in its way, waits for that to end and does it again. */
export async function patiently<R>(run: Run, step: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      const failure = failureOf(error);
      const hold = HOLDS[failure.type ?? ''];
      if (isCancellation(error) || hold === undefined || run.isLate()) throw error;
      await waitForAccount(run, hold, failure.message);
      // Still not usable at the deadline: the step's own error says why.
      if (run.isLate()) throw error;
    }
  }
}

/** Cells that do not move may just lack the credits to start: then that is what is waited for. */
export async function waitIfBroke(run: Run): Promise<boolean> {
  const look = await patiently(run, () =>
    checkCredits.executeWithOptions(run.within('Nothing moves: are there credits left?'), [
      { provider: run.pipeline.provider },
    ]),
  );
  run.count(look);
  if (look.credits === null || look.credits > 0) return false;
  await waitForAccount(run, 'waiting for credits', 'the account has no credits left');
  return true;
}

/** Visible as such; goes on by itself when the account is usable, or at once by `resume`. */
export async function waitForAccount(run: Run, hold: Hold, problem: string): Promise<void> {
  const { state, pipeline } = run;
  const interrupted = state.stage;
  state.problem = problem;
  run.enter(hold);
  const { awaitAccount } = pollingSteps();
  const scope = new CancellationScope();
  run.resume = () => scope.cancel();
  try {
    const seen = await scope.run(() =>
      awaitAccount.executeWithOptions(run.within(`Wait for the account: ${hold}`), [
        { provider: pipeline.provider, deadlineAtMs: state.deadlineAtMs },
      ]),
    );
    run.count(seen);
  } catch (error) {
    // Resumed by somebody: the step itself will tell whether they were right.
    if (!scope.consideredCancelled || CancellationScope.current().consideredCancelled) throw error;
  } finally {
    run.resume = null;
  }
  state.problem = null;
  run.enter(interrupted);
}
