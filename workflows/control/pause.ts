import { ApplicationFailure, CancellationScope, condition } from '@temporalio/workflow';
import { escapeForFence } from '../../src/text/markdown.ts';
import type { Run } from '../run.ts';

/** Marker in place of a result: an operator interrupted the step, which has to restart. */
export const INTERRUPTED = Symbol('broken off');

/**
 * Executes a step that an operator may interrupt (pause, resume, adjust). It must be safe to
 * restart while its last request is still in progress.
 */
export async function interruptible<R>(
  run: Run,
  step: () => Promise<R>,
): Promise<R | typeof INTERRUPTED> {
  const scope = new CancellationScope();
  run.interrupt = () => scope.cancel();
  try {
    return await scope.run(step);
  } catch (error) {
    // A cancel from outside concerns the whole run: rethrow.
    if (!scope.consideredCancelled || CancellationScope.current().consideredCancelled) throw error;
    return INTERRUPTED;
  } finally {
    run.interrupt = null;
  }
}

/** Waits for a condition; `false` at the deadline, which an operator may move meanwhile. */
export async function waitUntilOrDeadline(
  run: Run,
  summary: string,
  isMet: () => boolean,
): Promise<boolean> {
  const { state } = run;
  while (!run.isLate()) {
    const before = state.deadlineAtMs;
    const changed = (): boolean => isMet() || state.deadlineAtMs !== before;
    if ((await condition(changed, run.leftMs(), { summary })) && isMet()) return true;
  }
  return isMet();
}

/** Waits before the next step of a paused run, shown as a stage. The deadline keeps counting. */
export async function waitWhilePaused(run: Run): Promise<void> {
  const { state } = run;
  if (state.pause === null) return;
  const interrupted = state.stage;
  run.enter('paused');
  const { reason } = state.pause;
  const why = reason === null ? '' : ` ("${escapeForFence(reason)}")`;
  const summary = `Paused${why}: until an operator resumes it, or the deadline`;
  if (!(await waitUntilOrDeadline(run, summary.slice(0, 300), () => state.pause === null))) {
    throw ApplicationFailure.nonRetryable(
      'the deadline was reached while the run was paused',
      'deadline_reached',
    );
  }
  run.enter(interrupted);
}
