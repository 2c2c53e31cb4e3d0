import type { Adjusted, AdjustRequest } from '../src/contract/run.ts';
import type { Pipeline } from '../src/contract/pipeline.ts';
import { durationMs, checkAdjustInput } from '../src/rules/requests.ts';
import { isEnding } from './may.ts';
import { updateRejected, rejectInvalidInput } from './refusals.ts';
import type { RunState } from './run-state.ts';

/** @throws `action_refused` for limits that make no sense, or none at this stage */
export function validateAdjust(
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
export function adjust(state: RunState, request: AdjustRequest): Adjusted {
  const limits = limitsOf(state, request);
  Object.assign(state, limits);
  return limits;
}

/** What is not asked for stays. */
function limitsOf(state: RunState, { deadline, maxPollInterval }: AdjustRequest): Adjusted {
  const afterMs = durationMs(deadline);
  return {
    deadlineAtMs: afterMs === null ? state.deadlineAtMs : state.startedAtMs + afterMs,
    maxPollIntervalMs: durationMs(maxPollInterval) ?? state.maxPollIntervalMs,
  };
}
