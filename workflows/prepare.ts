import { hasTimeAgain } from './patience.ts';
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
      if (!hasTimeAgain(run, error)) throw error;
    }
  }
}
