import type { CanaryFigures } from '../../src/contract/run.ts';
import { failedExpectations, judgeExpectations } from '../../src/rules/answers/expectations.ts';
import { restCredits } from '../../src/text/canary.ts';
import type { Run } from '../run.ts';
import { isApproved } from './approve-spend.ts';
import { mayNotPayMore } from './pass.ts';
import { collectResults, isCanaryFirst } from './scan.ts';

/**
 * Judges the canary once its passes are over, and lets the rest of the rows follow: at once, or after
 * an approval with its figures. `false`: no rest follows.
 */
export async function releaseRest(run: Run): Promise<boolean> {
  const { state, pipeline } = run;
  if (!isCanaryFirst(run) || state.lastScan === null) return false;
  if (run.isLate() || mayNotPayMore(run)) return false;
  const figures = figuresOf(run);
  const failed = failedExpectations(figures.expectations ?? []);
  const { onFailedExpectation = 'hold' } = pipeline;
  const isHeld = onFailedExpectation === 'hold' && failed.length > 0;
  if ((isHeld || !hasAnswers(run)) && figures.rows < figures.of) {
    const request = { credits: restCredits(figures), cells: null, canary: figures };
    if (!(await isApproved(run, request))) return false;
  }
  state.canary = figures;
  // The rest has the reruns of the pipeline for itself.
  state.passHistory = null;
  state.nextPass = 'wait';
  await collectResults(run);
  return true;
}

function figuresOf(run: Run): CanaryFigures {
  const { state, pipeline } = run;
  const { lastScan } = state;
  const byColumn = lastScan?.canary ?? {};
  const expectations = judgeExpectations(pipeline.expect, lastScan && { ...lastScan, byColumn });
  return {
    rows: pipeline.canary?.rows ?? 0,
    of: run.prepared.snapshot.rows,
    credits: run.creditsRequested,
    ...(expectations.length === 0 ? {} : { expectations }),
  };
}

/** Returns whether the canary has a single answer. Without one the rest would bring none either. */
function hasAnswers({ state }: Run): boolean {
  const columns = Object.values(state.lastScan?.canary ?? {});
  return columns.some(({ done, empty, skipped = 0 }) => done + empty + skipped > 0);
}
