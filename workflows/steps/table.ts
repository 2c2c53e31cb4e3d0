import type { EnsureTableInput } from '../../activities/ensure-table.ts';
import { executeInterruptibleStep, executeStep } from '../control/execute-step.ts';
import * as steps from '../activities.ts';
import type { TableRef } from '../../src/contract/table.ts';
import type { Run } from '../run.ts';

/** Time after its deadline in which a run still reads and publishes what is there. */
const CLAIM_GRACE_MS = 2 * 60 * 60_000;

/** The run's one table, found by its tag before it is created. */
export async function ensureTable(run: Run): Promise<void> {
  if (run.state.table !== null) return;
  run.enter('creating table');
  const { name, provider, table: spec, results } = run.pipeline;
  const claim = { results, untilMs: run.state.deadlineAtMs + CLAIM_GRACE_MS };
  const { previousRun = null } = run.input;
  const summary =
    previousRun === null ? 'Find or create the table' : 'Find the table of the run before';
  const done = await executeStep(run, (resumedAfterInterrupt, trouble) =>
    steps.ensureTable.executeWithOptions(run.within(summary), [
      {
        run: run.key,
        provider,
        name,
        spec,
        resumedAfterInterrupt,
        previousRun,
        claim,
        ...lastingOf(run),
        trouble,
      },
    ]),
  );
  run.state.table = done.table;
  run.state.tableMayHaveDuplicates = done.mayHaveDuplicates;
  const others = [...(run.prepared.sameTarget ?? []), ...(done.sameTarget ?? [])];
  run.state.sameTarget = [...new Set(others)].sort();
  run.count(done);
}

/** Each row of the snapshot exactly once in the table. */
export async function loadRows(run: Run): Promise<void> {
  if (run.state.loaded !== null) return;
  run.enter('loading rows');
  const { snapshot } = run.prepared;
  const done = await executeInterruptibleStep(run, (resumedAfterInterrupt, trouble) =>
    steps.loadRows.executeWithOptions(run.within(`Load ${snapshot.rows} rows, each exactly once`), [
      {
        run: run.key,
        provider: run.pipeline.provider,
        table: inputsOf(run.table),
        snapshot,
        resumedAfterInterrupt,
        trouble,
      },
    ]),
  );
  run.state.loaded = done;
  run.count(done);
}

/** Table with the columns that rows fill: the others would only fill the history. */
const inputsOf = (table: TableRef): TableRef => ({
  ...table,
  columns: table.columns.filter(({ input }) => input),
});

/** The table that the pipeline keeps, if it does. */
function lastingOf({ state, pipeline, owner }: Run): Pick<EnsureTableInput, 'lasting'> {
  if (state.night === undefined) return {};
  const { origin, tableId } = state.night;
  return { lasting: { key: { pipeline: pipeline.name, owner }, origin, tableId } };
}
