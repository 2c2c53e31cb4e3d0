import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { AwaitIdleInput } from '../../activities/await-idle.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { failedText } from '../../src/text/run-facts.ts';
import { laterTracking, resetStallTimer } from '../../src/rules/passes/tracking.ts';
import { executeInterruptibleStep, executeStep, waitForAccount } from '../control/execute-step.ts';
import * as steps from '../activities.ts';
import { lastDetailsOf } from '../failures.ts';
import { progressOf } from '../view/progress.ts';
import type { Run } from '../run.ts';
import type { ResumableInput } from '../run-state.ts';
import { formatInteger } from '../../src/text/numbers.ts';

/** Continues as the same workflow. */
type Continued = (input: ResumableInput) => Promise<RunSummary>;

/** Waits in slices; between two, the details are refreshed, and a long history is continued as new. */
export async function untilIdle(run: Run): Promise<void> {
  const { state, pass } = run;
  const { awaitIdle } = steps.pollingSteps();
  for (;;) {
    run.enter('running');
    let deadlineAtMs = state.deadlineAtMs;
    const slice = await executeInterruptibleStep(run, async (_again, trouble) => {
      ({ deadlineAtMs } = state);
      try {
        return await awaitIdle.executeWithOptions(run.withinGrace(waitSummary(run)), [
          {
            run: run.key,
            provider: run.pipeline.provider,
            table: { ...run.table, columns: [] },
            tableRun: pass.tableRun,
            tracking: pass.tracking,
            policy: pollPolicyOf(run),
            deadlineAtMs,
            ...awaitedCells(run),
            trouble,
          },
        ]);
      } catch (error) {
        // What the step has read is shown while the run waits, and not read anew after it.
        pass.tracking = laterTracking(pass.tracking, lastDetailsOf(error));
        throw error;
      }
    });
    run.count(slice);
    pass.tracking = slice.tracking;
    const isHalted = slice.end === 'stalled' || slice.end === 'no credits';
    if (isHalted && (await waitIfOutOfCredits(run))) {
      pass.tracking = resetStallTimer(slice.tracking);
      continue;
    }
    // The operator paused or adjusted the run: it continues with the next slice.
    const putOff = slice.end === 'deadline' && deadlineAtMs < state.deadlineAtMs;
    if (slice.end === 'stopped' || slice.end === 'no credits' || putOff) continue;
    if (slice.end !== 'slice') {
      pass.end = slice.end;
      pass.deadlineAtMs = deadlineAtMs;
      return;
    }
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      run.continuesAsNew = true;
      await continueAsNew<Continued>({ ...run.input, resume: state });
    }
  }
}

/** The part of the policy that a wait needs: each slice writes it to the history. */
function pollPolicyOf({ policy }: Run): AwaitIdleInput['policy'] {
  const { minPollIntervalMs, maxPollIntervalMs, stallAfterMs } = policy;
  return { minPollIntervalMs, maxPollIntervalMs, stallAfterMs };
}

/** Returns the cells to check where idle without movement is not accepted. */
function awaitedCells({ key, table, state, pass }: Run): Pick<AwaitIdleInput, 'awaited'> {
  if (!pass.tracking.requireProgress || state.lastScan === null) return {};
  const { scan } = state.lastScan;
  return { awaited: { run: key, scan, kind: pass.kind, columns: table.columns } };
}

/** Summary of the step in the history: progress is known without a worker. */
function waitSummary(run: Run): string {
  const progress = progressOf(run);
  const { cells } = progress;
  const failed = failedText(progress);
  const ended = failed === null ? '' : `, failed ${failed}`;
  const counts = `${formatInteger(cells.done)} of ${formatInteger(cells.total)} cells done${ended}`;
  return `Wait for pass ${run.state.passes}: ${counts}`;
}

/** Waits for credits where cells do not move because the account has none left. */
async function waitIfOutOfCredits(run: Run): Promise<boolean> {
  const look = await executeStep(run, () =>
    steps.checkCredits.executeWithOptions(run.within('Nothing moves: are there credits left?'), [
      { provider: run.pipeline.provider },
    ]),
  );
  run.count(look);
  run.state.balance = look.credits;
  if (look.credits === null || look.credits > 0) return false;
  await waitForAccount(run, 'waiting for credits', 'the account has no credits left');
  return true;
}
