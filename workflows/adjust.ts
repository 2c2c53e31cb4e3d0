import type { Adjusted, AdjustRequest } from '../src/contract/run.ts';
import type { Pipeline } from '../src/contract/pipeline.ts';
import { durationMs, mistakeInAdjust } from '../src/rules/requests.ts';
import { isEnding } from './may.ts';
import { refusal, refuseMistake } from './refusals.ts';
import type { RunState } from './run-state.ts';

/** @throws `action_refused` where a wish makes no sense, or none now */
export function checkAdjust(
  { state, pipeline }: { state: RunState; pipeline: Pipeline },
  request: AdjustRequest,
): void {
  refuseMistake(mistakeInAdjust(request));
  if (isEnding(state)) {
    throw refusal(`too late: the run is at "${state.stage}"`, 'Nothing: it is ending.');
  }
  const { deadlineAtMs, pollAtMostMs } = limitsOf(state, request);
  if (request.deadline !== undefined && deadlineAtMs <= Date.now()) {
    const at = new Date(deadlineAtMs).toISOString();
    throw refusal(
      `${String(request.deadline)} from the start was at ${at}, which is over`,
      'Give a longer one, or end the run now: rowmill cancel RUN.',
    );
  }
  const { pollAtLeastMs } = pipeline.run;
  if (request.pollAtMost !== undefined && pollAtMostMs < pollAtLeastMs) {
    throw refusal(
      `pollAtMost is shorter than pollAtLeast (${pollAtLeastMs / 1000} s)`,
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
function limitsOf(state: RunState, { deadline, pollAtMost }: AdjustRequest): Adjusted {
  const afterMs = durationMs(deadline);
  return {
    deadlineAtMs: afterMs === null ? state.deadlineAtMs : state.startedAtMs + afterMs,
    pollAtMostMs: durationMs(pollAtMost) ?? state.pollAtMostMs,
  };
}
