import type { PublishResultsInput } from '../../activities/results/summary/summary.ts';
import type { JudgedExpectation } from '../../src/contract/results.ts';
import { failedExpectations, judgeExpectations } from '../../src/rules/answers/expectations.ts';
import { failedExpectationsText } from '../../src/text/expectations.ts';
import type { Run } from '../run.ts';
import { isApproved } from './approve-spend.ts';

/** Expectations of the pipeline, judged by the last table scan. */
export const judged = ({ pipeline, state }: Run): JudgedExpectation[] =>
  judgeExpectations(pipeline.expect, state.lastScan);

/**
 * Results that fail an expectation wait for an approval before they replace the last ones. At the
 * deadline they stay in the store.
 */
export async function approveResults(run: Run): Promise<void> {
  if (run.isLate() || !isWithheld(run)) return;
  const { state } = run;
  // The cancel of queued cells is over: the run may be paused and adjusted again.
  state.finishing = false;
  const failed = failedExpectations(judged(run));
  await isApproved(run, { credits: run.creditsRequested, cells: null, failed });
}

/** Checks whether results may not be published: they fail an expectation, and are not approved. */
export function isWithheld(run: Run): boolean {
  const { onFailedExpectation = 'hold' } = run.pipeline;
  if (onFailedExpectation !== 'hold' || failedExpectations(judged(run)).length === 0) return false;
  return !run.state.approvals.some(({ failed }) => failed !== undefined);
}

/** Part of the input of the publication. */
export function expectationsOf(run: Run): Pick<PublishResultsInput, 'expectations' | 'withheld'> {
  const expectations = judged(run);
  if (expectations.length === 0) return {};
  if (!isWithheld(run)) return { expectations };
  const failed = failedExpectationsText(expectations);
  return { expectations, withheld: `expectations are not met, and were not approved: ${failed}` };
}
