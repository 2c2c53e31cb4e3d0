import { ApplicationFailure } from '@temporalio/workflow';
import { judgeSpend } from '../src/rules/spend.ts';
import { ranOutOfTime } from './failures.ts';
import { unpaused, untilDeadline } from './hold.ts';
import * as steps from './policies.ts';
import type { Run } from './run.ts';

/** Validated and frozen: from here on the source may change, the run does not see it. */
export async function prepareRows(run: Run): Promise<void> {
  const { state, key, pipeline, input } = run;
  while (state.prepared === null) {
    try {
      state.prepared = await steps.prepareRows.executeWithOptions(
        run.within(`Check and freeze the rows of ${pipeline.name}`),
        [{ run: key, pipeline, snapshot: input.snapshot ?? null, earlier: input.earlier ?? null }],
      );
      run.count(state.prepared);
    } catch (error) {
      // The deadline was put off while the step was tried.
      if (!ranOutOfTime(error) || run.isLate()) throw error;
    }
  }
}

/** Refuses above `maxCredits`; above `approveAbove` waits for the update `approveSpend`. */
export async function approveSpend(run: Run): Promise<void> {
  const { state, estimatedCredits: credits } = run;
  const { spend } = run.pipeline;
  const verdict = judgeSpend(credits, spend);
  if (verdict === 'refuse') {
    throw refused(`estimated ${credits} credits, spend.maxCredits is ${spend.maxCredits ?? 0}`);
  }
  if (verdict === 'go') return;
  while (!state.approved) {
    run.enter('waiting for approval');
    await unpaused(run);
    const summary = `Wait for the approval of about ${credits} credits: update approveSpend`;
    const news = await untilDeadline(run, summary, () => state.approved || state.pause !== null);
    if (!news) throw refused(`${credits} credits were not approved before the deadline`);
  }
}

const refused = (what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, 'spend_refused');
