import type { TroubleInput } from '../../activities/runtime/trouble.ts';
import { countsOf, failureOf, isRefusedInput, waitingIn } from '../failures.ts';
import { deadlineExtended, waitForApi } from '../control/execute-step.ts';
import * as steps from '../activities.ts';
import type { Run } from '../run.ts';

/** Validates and freezes the rows: later changes of the source do not affect the run. */
export async function prepareRows(run: Run): Promise<void> {
  const { state, key, pipeline, given, clientStore } = run;
  let trouble: TroubleInput = { mayYield: true, sinceMs: null };
  let failedWaits = 0;
  while (state.prepared === null) {
    const { deadlineAtMs } = state;
    try {
      state.prepared = await steps.prepareRows.executeWithOptions(
        run.within(`Check and freeze the rows of ${pipeline.name}`),
        [{ run: key, input: given, clientStore, trouble }],
      );
      run.count(state.prepared);
      if (failedWaits > 0) state.problem = null;
    } catch (error) {
      const failure = failureOf(error);
      run.refused = isRefusedInput(failure);
      if (deadlineExtended(run, error, deadlineAtMs)) continue;
      const waiting = waitingIn(failure);
      if (waiting === null || run.isLate()) throw error;
      run.count(countsOf(failure));
      trouble = { mayYield: true, sinceMs: trouble.sinceMs ?? waiting.sinceMs };
      await waitForApi(run, failure, failedWaits);
      failedWaits += 1;
    }
  }
}
