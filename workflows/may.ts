import type { ApproveRequest, PauseRequest, Stage } from '../src/contract/run.ts';
import { STANDSTILLS } from '../src/rules/account.ts';
import { mistakeInApprove, mistakeInPause } from '../src/rules/requests.ts';
import { refusal, refuseMistake } from './refusals.ts';
import type { RunState } from './run-state.ts';

/** Which action fits which stage: each throws `action_refused` and says what to do instead. */

/** Where the run really stands, paused or not. */
const standsAt = ({ stage, pause }: RunState): Stage =>
  stage === 'paused' && pause !== null ? pause.at : stage;

/** Nothing can be changed any more: it publishes, or has begun to put together what it will. */
export const isEnding = ({ stage, ending }: RunState): boolean =>
  ending || stage === 'publishing results' || stage === 'finished';

const SEE = 'See how it stands: rowmill status RUN, or the query `progress`.';
const AFTERWARDS = 'Wait until it has ended, then: rowmill rerun RUN.';

export function checkApproval(state: RunState, request: ApproveRequest): void {
  refuseMistake(mistakeInApprove(request));
  const stage = standsAt(state);
  if (state.asksFor === null) {
    throw refusal(`nothing to approve: the run is at "${stage}"`, SEE);
  }
}

export function checkPause(state: RunState, request: PauseRequest): void {
  refuseMistake(mistakeInPause(request));
  if (isEnding(state)) {
    throw refusal(`nothing to pause: the run is at "${state.stage}"`, 'Nothing: it is ending.');
  }
  if (state.pause !== null) {
    throw refusal('it is paused already', 'Nothing, or let it go on: rowmill resume RUN.');
  }
}

export function checkResume(state: RunState): void {
  const { stage } = state;
  if (state.pause !== null || STANDSTILLS.some((hold) => hold === stage)) return;
  throw refusal(
    `nothing to resume: the run is at "${stage}"`,
    stage === 'waiting for approval' ? 'Approve its credits: rowmill approve RUN.' : SEE,
  );
}

export function checkRerun(state: RunState): void {
  if (isEnding(state)) {
    throw refusal(`too late for one more pass: the run is at "${state.stage}"`, AFTERWARDS);
  }
  if (state.rerunAsked) {
    throw refusal(
      'one more pass is asked for already',
      'Nothing: it follows the passes under way.',
    );
  }
  if (state.passes === 0) {
    throw refusal(
      `no cell has been asked for yet: the run is at "${standsAt(state)}"`,
      'Ask again when it is at "running"; failed cells are rerun by `run.failedPasses` anyway.',
    );
  }
}
