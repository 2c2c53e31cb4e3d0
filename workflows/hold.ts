import { ApplicationFailure, CancellationScope, condition } from '@temporalio/workflow';
import { escapeForFence } from '../src/rules/markup.ts';
import type { Run } from './run.ts';

/** Instead of a result: somebody broke the step off, and it has to begin anew. */
export const INTERRUPTED = Symbol('broken off');

/**
 * Does a step that people may break off at any moment (pause, resume, adjust): it must be safe to
 * begin anew, and its last request may still be under way then.
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
    // Cancelled from outside is the whole run; that is not ours to catch.
    if (!scope.consideredCancelled || CancellationScope.current().consideredCancelled) throw error;
    return INTERRUPTED;
  } finally {
    run.interrupt = null;
  }
}

/** Waits until something holds; `false` at the deadline, wherever that is by then. */
export async function waitUntilOrDeadline(
  run: Run,
  summary: string,
  holds: () => boolean,
): Promise<boolean> {
  const { state } = run;
  while (!run.isLate()) {
    const before = state.deadlineAtMs;
    const changed = (): boolean => holds() || state.deadlineAtMs !== before;
    if ((await condition(changed, run.leftMs(), { summary })) && holds()) return true;
  }
  return holds();
}

/** Holds a paused run, visibly, before its next step. The deadline goes on. */
export async function waitWhilePaused(run: Run): Promise<void> {
  const { state } = run;
  if (state.pause === null) return;
  const interrupted = state.stage;
  run.enter('paused');
  const { reason } = state.pause;
  const why = reason === null ? '' : ` ("${escapeForFence(reason)}")`;
  const summary = `Paused${why}: until somebody resumes it, or the deadline`;
  if (!(await waitUntilOrDeadline(run, summary.slice(0, 300), () => state.pause === null))) {
    throw ApplicationFailure.nonRetryable(
      'the deadline was reached while the run was paused',
      'deadline_reached',
    );
  }
  run.enter(interrupted);
}
