import { failureOf, isRefusedInput } from './failures.ts';
import { hasTimeAgain } from './patience.ts';
import * as steps from './policies.ts';
import type { Run } from './run.ts';

/** Judged, validated and frozen: from here on the source may change, the run does not see it. */
export async function prepareRows(run: Run): Promise<void> {
  const { state, key, pipeline, given } = run;
  while (state.prepared === null) {
    try {
      state.prepared = await steps.prepareRows.executeWithOptions(
        run.within(`Check and freeze the rows of ${pipeline.name}`),
        [{ run: key, input: given }],
      );
      run.count(state.prepared);
    } catch (error) {
      run.refused = isRefusedInput(failureOf(error));
      if (!hasTimeAgain(run, error)) throw error;
    }
  }
}
