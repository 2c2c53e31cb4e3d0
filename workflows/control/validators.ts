import { ApplicationFailure } from '@temporalio/workflow';
import type { ApproveRequest, PauseRequest, Stage } from '../../src/contract/run.ts';
import { STANDSTILLS } from '../../src/rules/account-wait.ts';
import {
  checkApproveInput,
  checkPauseInput,
  type InputIssue,
} from '../../src/rules/input/update-input.ts';
import type { RunState } from '../run-state.ts';

/** Validators of the actions: each throws `action_refused` with the action that fits the stage. */

/** Returns the stage without the pause. */
const standsAt = ({ stage, pause }: RunState): Stage =>
  stage === 'paused' && pause !== null ? pause.at : stage;

/** Checks whether changes come too late: the run publishes, or has begun to prepare that. */
export const isEnding = ({ stage, finishing }: RunState): boolean =>
  finishing || stage === 'publishing results' || stage === 'finished';

const SEE = 'See how it stands: rowmill status RUN, or the query `progress`.';
const APPROVE_OR_CANCEL =
  'Publish them: rowmill approve RUN. Or leave the last results: rowmill cancel RUN, then rowmill rerun RUN.';
const AFTERWARDS = 'Wait until it has ended, then: rowmill rerun RUN.';

export function validateApproval(state: RunState, request: ApproveRequest): void {
  rejectInvalidInput(checkApproveInput(request));
  const stage = standsAt(state);
  if (state.pendingApproval === null) {
    throw updateRejected(`nothing to approve: the run is at "${stage}"`, SEE);
  }
}

export function validatePause(state: RunState, request: PauseRequest): void {
  rejectInvalidInput(checkPauseInput(request));
  if (isEnding(state)) {
    throw updateRejected(
      `nothing to pause: the run is at "${state.stage}"`,
      'Nothing: it is ending.',
    );
  }
  if (state.pause !== null) {
    throw updateRejected('it is paused already', 'Nothing, or let it go on: rowmill resume RUN.');
  }
}

export function validateResume(state: RunState): void {
  const { stage } = state;
  if (state.pause !== null || STANDSTILLS.some((hold) => hold === stage)) return;
  throw updateRejected(
    `nothing to resume: the run is at "${stage}"`,
    stage === 'waiting for approval' ? 'Approve it: rowmill approve RUN.' : SEE,
  );
}

export function validateRerun(state: RunState): void {
  if (isEnding(state)) {
    throw updateRejected(`too late for one more pass: the run is at "${state.stage}"`, AFTERWARDS);
  }
  const { failed, canary } = state.pendingApproval ?? {};
  if (failed !== undefined) {
    throw updateRejected(
      'the passes are over: the run waits for the approval of its results',
      APPROVE_OR_CANCEL,
    );
  }
  if (canary !== undefined) {
    throw updateRejected(
      'the canary is over: the run waits for the approval of the rest of the rows',
      'Go on with them: rowmill approve RUN. Or end it: rowmill cancel RUN.',
    );
  }
  if (state.rerunRequested) {
    throw updateRejected(
      'one more pass is asked for already',
      'Nothing: it follows the passes in progress.',
    );
  }
  if (state.passes === 0) {
    throw updateRejected(
      `no cell has been asked for yet: the run is at "${standsAt(state)}"`,
      'Ask again when it is at "running"; failed cells are rerun by `run.failedPasses` anyway.',
    );
  }
}

/**
 * Builds the rejection of a validator; nothing enters the history. The details are those of every
 * other failure (activities/runtime/failure.ts), so that the command line can distinguish them.
 */
export function updateRejected(what: string, remedy: string): ApplicationFailure {
  const details = { what, where: null, remedy, requestId: null };
  return ApplicationFailure.nonRetryable(`${what}. ${remedy}`, 'action_refused', details);
}

/** Rejects an input that is wrong in itself, before its stage is looked at. */
export function rejectInvalidInput(issue: InputIssue | null): void {
  if (issue === null) return;
  const { field, what, remedy } = issue;
  throw updateRejected(field === null ? what : `${field}: ${what}`, remedy);
}
