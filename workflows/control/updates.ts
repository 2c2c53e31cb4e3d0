import { defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type {
  Adjusted,
  AdjustRequest,
  ApproveRequest,
  CancelRequest,
  PauseRequest,
  RunProgress,
} from '../../src/contract/run.ts';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import { checkAdjustInput, durationMs, textOf } from '../../src/rules/input/update-input.ts';
import { progressOf, showProgress } from '../view/progress.ts';
import type { Run } from '../run.ts';
import type { RunState } from '../run-state.ts';
import {
  validateApproval,
  validatePause,
  validateRerun,
  validateResume,
  isEnding,
  updateRejected,
  rejectInvalidInput,
} from './validators.ts';

const progressQuery = defineQuery<RunProgress>('progress');
const cancelRequestSignal = defineSignal<[CancelRequest?]>('cancelRequest');
const budgetChangedSignal = defineSignal('budgetChanged');
const approveSpendUpdate = defineUpdate<undefined, [ApproveRequest?]>('approveSpend');
const pauseUpdate = defineUpdate<undefined, [PauseRequest?]>('pause');
const resumeUpdate = defineUpdate('resume');
const rerunFailedUpdate = defineUpdate('rerunFailed');
const adjustUpdate = defineUpdate<Adjusted, [AdjustRequest?]>('adjust');

/** Registers the query and the updates of a run; every input is optional JSON. */
export function registerHandlers(run: Run): void {
  const { state } = run;
  setHandler(progressQuery, () => progressOf(run), {
    description: 'Stage, counts, rate, time left and last problem of the run. No input.',
  });
  setHandler(
    cancelRequestSignal,
    (request) => {
      // A signal has no validator, and an error here would fail the run.
      const by = textOf(request, 'by');
      if (by !== null) state.cancelledBy = by;
    },
    {
      description:
        'Name the sender of the cancel that follows. It cancels nothing by itself. Input: {"by": "who"}',
    },
  );
  setHandler(
    budgetChangedSignal,
    () => {
      if (state.stage === 'waiting for budget') run.interrupt?.();
    },
    { description: 'There may be room in the day budget. Sent by the budget.' },
  );
  setHandler(
    approveSpendUpdate,
    ({ by } = {}) => {
      const asked = state.pendingApproval;
      // The validator has checked that an approval is pending.
      if (asked === null) return;
      state.approved = true;
      state.approvals.push({ ...asked, how: 'update', by: by ?? null, atMs: Date.now() });
      state.pendingApproval = null;
    },
    {
      description:
        'Approve what a run waits for: its estimated credits, that the provider runs more cells than it ' +
        'was asked to, or results that fail expectations. Optional input: {"by": "who"}',
      validator: (request: ApproveRequest = {}) => validateApproval(state, request),
    },
  );
  setHandler(
    pauseUpdate,
    ({ reason, by } = {}) => {
      const since = { sinceMs: Date.now(), at: state.stage };
      state.pause = { ...since, reason: reason ?? null, by: by ?? null };
      run.interrupt?.();
      showProgress(run);
    },
    {
      description:
        'Pause the run: nothing is sent or polled until resume. Cells at the provider go on, and so ' +
        'does the deadline. Optional input: {"reason": "why", "by": "who"}',
      validator: (request: PauseRequest = {}) => validatePause(state, request),
    },
  );
  setHandler(
    resumeUpdate,
    () => {
      if (state.pause === null) run.interrupt?.();
      state.pause = null;
      showProgress(run);
    },
    {
      description:
        'Go on: a paused run, or one that waits for credits or a new token and should try again now. ' +
        'No input.',
      validator: () => validateResume(state),
    },
  );
  setHandler(
    rerunFailedUpdate,
    () => {
      state.rerunRequested = true;
      showProgress(run);
    },
    {
      description:
        'One more pass over the failed cells, when the passes of the pipeline file are over. It may ' +
        'cost credits. No input.',
      validator: () => validateRerun(state),
    },
  );
  setHandler(
    adjustUpdate,
    (request = {}) => {
      const adjusted = adjust(state, request);
      // Restarts the wait, which began with the old limits. The poll interval affects polls only.
      if (request.deadline !== undefined || state.stage === 'running') run.interrupt?.();
      showProgress(run);
      return adjusted;
    },
    {
      description:
        'Change the deadline (counted from the start) or the longest time between two polls. Input: ' +
        '{"deadline": "8h", "maxPollInterval": "60s"}, one of them or both; numbers are ms',
      validator: (request: AdjustRequest = {}) => validateAdjust(run, request),
    },
  );
}

/** @throws `action_refused` for limits that make no sense, or none at this stage */
function validateAdjust(
  { state, pipeline }: { state: RunState; pipeline: Pipeline },
  request: AdjustRequest,
): void {
  rejectInvalidInput(checkAdjustInput(request));
  if (isEnding(state)) {
    throw updateRejected(`too late: the run is at "${state.stage}"`, 'Nothing: it is ending.');
  }
  const { deadlineAtMs, maxPollIntervalMs } = limitsOf(state, request);
  if (request.deadline !== undefined && deadlineAtMs <= Date.now()) {
    const at = new Date(deadlineAtMs).toISOString();
    throw updateRejected(
      `${String(request.deadline)} from the start was at ${at}, which is over`,
      'Give a longer one, or end the run now: rowmill cancel RUN.',
    );
  }
  const { minPollIntervalMs } = pipeline.run;
  if (request.maxPollInterval !== undefined && maxPollIntervalMs < minPollIntervalMs) {
    throw updateRejected(
      `maxPollInterval is shorter than minPollInterval (${minPollIntervalMs / 1000} s)`,
      'Give a longer one.',
    );
  }
}

/** Carries out what was checked. */
function adjust(state: RunState, request: AdjustRequest): Adjusted {
  const limits = limitsOf(state, request);
  Object.assign(state, limits);
  return limits;
}

/** Keeps limits that are not requested. */
function limitsOf(state: RunState, { deadline, maxPollInterval }: AdjustRequest): Adjusted {
  const afterMs = durationMs(deadline);
  return {
    deadlineAtMs: afterMs === null ? state.deadlineAtMs : state.startedAtMs + afterMs,
    maxPollIntervalMs: durationMs(maxPollInterval) ?? state.maxPollIntervalMs,
  };
}
