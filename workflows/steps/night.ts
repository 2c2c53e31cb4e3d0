import type { OpenedNight } from '../../activities/open-night.ts';
import type { IncrementalSummary } from '../../src/contract/run.ts';
import { askedByReason } from '../../src/rules/cells/cell-set.ts';
import { executeInterruptibleStep, executeStep } from '../control/execute-step.ts';
import * as steps from '../activities.ts';
import type { Run } from '../run.ts';

/** Compares the rows of a lasting table with those of the last run. */
export async function openNight(run: Run): Promise<void> {
  const { state, pipeline, key, owner, input } = run;
  const isNight = pipeline.table.keep === true && input.previousRun === undefined;
  if (!isNight || state.night !== undefined) return;
  const opened = await executeStep(run, () =>
    steps.openNight.executeWithOptions(run.within('Compare the rows with those of the last run'), [
      { run: key, owner, pipeline: pipeline.name, options: input.night ?? {} },
    ]),
  );
  const { snapshot, units, ...night } = opened;
  state.night = night;
  state.prepared = { ...run.prepared, snapshot, openCells: night.first ? null : units };
}

/** Compares the columns of a lasting table with those it was given; applies the file if asked to. */
export async function matchColumns(run: Run): Promise<void> {
  const { state, pipeline, owner } = run;
  const night = nightOf(run);
  if (night === null || state.columnsDrifted !== undefined) return;
  const summary = night.applies
    ? 'Give the table the columns of the file'
    : 'Compare the columns of the table with those it was given';
  const done = await executeStep(run, (_again, trouble) =>
    steps.matchColumns.executeWithOptions(run.within(summary), [
      {
        run: run.key,
        key: { pipeline: pipeline.name, owner },
        provider: pipeline.provider,
        table: run.table,
        applies: night.applies,
        trouble,
      },
    ]),
  );
  run.count(done);
  state.table = done.table;
  state.columnsDrifted = done.drifted;
}

/** Gives changed rows of a lasting table the inputs of the source, before anything is asked for. */
export async function changeInputs(run: Run): Promise<void> {
  const { state, pipeline } = run;
  if (nightOf(run) === null || state.inputs !== undefined) return;
  run.enter('loading rows');
  const changed = await executeInterruptibleStep(run, (resumedAfterInterrupt, trouble) =>
    steps.changeInputs.executeWithOptions(run.within('Change the inputs of changed rows'), [
      {
        run: run.key,
        provider: pipeline.provider,
        table: run.table,
        drops: pipeline.refresh?.vanished === 'drop',
        overwrites: nightOf(run)?.applies === true,
        resumedAfterInterrupt,
        trouble,
      },
    ]),
  );
  const { calls: _counted, ...inputs } = changed;
  run.count(changed);
  state.inputs = inputs;
}

/** The night of a run whose table was there before; `null`: all its cells are new. */
export function nightOf({ state }: Run): Omit<OpenedNight, 'snapshot' | 'units'> | null {
  const { night } = state;
  return night === undefined || night.first ? null : night;
}

/** The night of a run, for its summary. Left out: the run has a table of its own. */
export function incrementalOf({ state }: Run): { incremental?: IncrementalSummary } {
  const { night, inputs, lastScan } = state;
  if (night === undefined) return {};
  const { rowsNew, rowsChanged, rowsVanished, columnsChanged } = night;
  const incremental: IncrementalSummary = {
    rowsNew,
    rowsChanged,
    rowsVanished,
    due: askedByReason(state.firstAsked ?? {}),
    kept: state.kept ?? lastScan?.kept ?? 0,
  };
  if (inputs !== undefined && inputs.drifted > 0) incremental.rowsDrifted = inputs.drifted;
  if (columnsChanged.length > 0 && !night.applies) incremental.columnsWaiting = columnsChanged;
  const { columnsDrifted = [] } = state;
  if (columnsDrifted.length > 0) incremental.columnsDrifted = columnsDrifted;
  return { incremental };
}
