import type { TroubleInput } from '../../activities/runtime/trouble.ts';
import { conditionsOf } from '../../src/rules/answers/conditions.ts';
import { recordPass, type WaitEnd } from '../../src/rules/passes/passes.ts';
import * as steps from '../activities.ts';
import { executeInterruptibleStep } from '../control/execute-step.ts';
import { waitWhilePaused } from '../control/pause.ts';
import type { Run } from '../run.ts';
import { runsInStages } from '../run-state.ts';
import { nightOf } from './night.ts';

/** Reads the table's pages into the store and counts the cells. */
export async function collectResults(run: Run): Promise<void> {
  await executeInterruptibleStep(run, (_again, trouble) => scanTable(run, trouble));
  // The scan may end before it notices a pause; publishing may follow.
  await waitWhilePaused(run);
}

/** Scans the table once, without waiting for the account: also for a run that is ending. */
export async function scanTable(run: Run, trouble: TroubleInput): Promise<void> {
  const { state } = run;
  run.enter('collecting results');
  const kind = state.activePass?.kind ?? (state.passUnsent ? 'wait' : state.nextPass);
  const { snapshot } = run.prepared;
  const number = (state.lastScan?.scan ?? 0) + 1;
  const done = await steps.collectResults.executeWithOptions(
    run.withinGrace(`Page ${snapshot.rows} rows into the store, scan ${number}`),
    [
      {
        run: run.key,
        provider: run.pipeline.provider,
        table: run.table,
        snapshot,
        scan: number,
        kind,
        ...(state.activePass?.cutPass === undefined ? {} : { cutPass: state.activePass.cutPass }),
        ...(run.pipeline.expect === undefined ? {} : { expected: run.pipeline.expect }),
        ...conditionsOf(run.pipeline),
        ...(isInStages(run) ? { inStages: true } : {}),
        ...(isCanaryFirst(run) ? { canary: run.pipeline.canary } : {}),
        ...(isCanaryOver(run) ? { canaryOver: run.pipeline.canary } : {}),
        ...(run.pipeline.refresh?.vanished === 'mark' ? { marksVanished: true } : {}),
        trouble,
      },
    ],
  );
  run.count(done);
  state.passHistory = recordPass(
    state.passHistory,
    kind,
    endOf(run),
    state.lastScan,
    done.scanResult,
  );
  state.lastScan = done.scanResult;
  if (done.scanResult.kept !== undefined) state.kept = done.scanResult.kept;
  const answered = done.scanResult.cells.done + done.scanResult.cells.empty;
  state.doneCells =
    state.activePass?.tracking.last?.cellsDone ?? Math.max(state.doneCells, answered);
  state.activePass = null;
}

/** The operator may have extended the deadline after it had ended the wait. */
function endOf({ state }: Run): WaitEnd {
  const { end = null, deadlineAtMs = Infinity } = state.activePass ?? {};
  return end === null || (end === 'deadline' && deadlineAtMs < state.deadlineAtMs) ? 'idle' : end;
}

/**
 * Scans the table of a rerun first: which cells are left. In a new table all are, unless columns have
 * conditions.
 */
export async function scanExistingTable(run: Run): Promise<void> {
  const { input, pipeline, state } = run;
  const isNight = nightOf(run) !== null;
  const isNeeded = isNight || input.previousRun !== undefined || runsInStages(pipeline);
  if (!isNeeded || state.lastScan !== null) return;
  // Sends nothing before it: the scan decides what is due.
  if (isNight) state.nextPass = 'wait';
  await collectResults(run);
}

/** Checks whether cells are asked for stage by stage. */
const isInStages = (run: Run): boolean =>
  nightOf(run) === null ? runsInStages(run.pipeline) : run.pipeline.when !== undefined;

/** Checks whether only the rows of the canary are asked for; a rerun asks for what is left. */
export const isCanaryFirst = (run: Run): boolean =>
  run.pipeline.canary !== undefined &&
  run.input.previousRun === undefined &&
  run.state.canary === undefined &&
  // Later runs on a lasting table ask for few cells, and none of them first.
  nightOf(run) === null;

/** Checks whether the next scan releases the rest: of the canary, nothing is asked for any more. */
const isCanaryOver = ({ state }: Run): boolean =>
  state.canary !== undefined && state.passHistory === null;
