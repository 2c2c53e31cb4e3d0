import { ApplicationFailure, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import type { RunProgress } from '../src/contract/run.ts';
import { progressOf, type View } from './progress.ts';

export const progressQuery = defineQuery<RunProgress>('progress');
export const approveSpendUpdate = defineUpdate('approveSpend');
export const resumeUpdate = defineUpdate('resume');

/** A run with what people may do to it. */
export interface Controlled extends View {
  readonly resume: (() => void) | null;
}

/** What people and backends may ask and do while a run lives. */
export function listen(run: Controlled): void {
  const { state } = run;
  setHandler(progressQuery, () => progressOf(run), {
    description: 'Stage, counts, rate, time left and last problem of the run',
  });
  setHandler(
    approveSpendUpdate,
    () => {
      state.approved = true;
    },
    {
      description: 'Approve the estimated credits of a run that waits for approval',
      validator: () => {
        if (state.stage !== 'waiting for approval') {
          throw ApplicationFailure.nonRetryable(
            `nothing to approve: the run is at "${state.stage}"`,
            'action_refused',
          );
        }
      },
    },
  );
  setHandler(
    resumeUpdate,
    () => {
      run.resume?.();
    },
    {
      description: 'Try again now: the account has been topped up or has a new token',
      validator: () => {
        if (run.resume === null) {
          throw ApplicationFailure.nonRetryable(
            `nothing to resume: the run is at "${state.stage}"`,
            'action_refused',
          );
        }
      },
    },
  );
}
