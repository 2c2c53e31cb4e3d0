import type { Adjusted, AdjustRequest } from '../src/contract/run.ts';
import type { Pipeline } from '../src/contract/pipeline.ts';
import { DURATION_ALLOWED, parseDuration } from '../src/rules/duration.ts';
import { isEnding } from './may.ts';
import { checkFields, refusal } from './refusals.ts';
import type { RunState } from './run-state.ts';

const EXAMPLE = '{"deadline": "8h", "pollAtMost": "60s"}';

/** @throws `action_refused` where a wish makes no sense now */
export function checkAdjust(
  { state, pipeline }: { state: RunState; pipeline: Pipeline },
  request: AdjustRequest,
): void {
  checkFields(request, ['deadline', 'pollAtMost'], EXAMPLE);
  const { deadline, pollAtMost } = request;
  if (deadline === undefined && pollAtMost === undefined) {
    throw refusal('nothing to adjust', `Send JSON like ${EXAMPLE}.`);
  }
  if (isEnding(state)) {
    throw refusal(`too late: the run is at "${state.stage}"`, 'Nothing: it is ending.');
  }
  if (deadline !== undefined) {
    const atMs = state.startedAtMs + durationOf('deadline', deadline);
    if (atMs <= Date.now()) {
      throw refusal(
        `${String(deadline)} from the start was at ${new Date(atMs).toISOString()}, which is over`,
        'Give a longer one, or end the run now: rowmill cancel RUN.',
      );
    }
  }
  if (pollAtMost === undefined) return;
  const { pollAtLeastMs } = pipeline.run;
  if (durationOf('pollAtMost', pollAtMost) < pollAtLeastMs) {
    throw refusal(
      `pollAtMost is shorter than pollAtLeast (${pollAtLeastMs / 1000} s)`,
      'Give a longer one.',
    );
  }
}

/** Carries out what was checked. */
export function adjust(state: RunState, { deadline, pollAtMost }: AdjustRequest): Adjusted {
  if (deadline !== undefined) {
    state.deadlineAtMs = state.startedAtMs + durationOf('deadline', deadline);
  }
  if (pollAtMost !== undefined) state.pollAtMostMs = durationOf('pollAtMost', pollAtMost);
  return { deadlineAtMs: state.deadlineAtMs, pollAtMostMs: state.pollAtMostMs };
}

function durationOf(field: string, value: unknown): number {
  const ms =
    typeof value === 'number' && Number.isInteger(value)
      ? parseDuration(`${value}ms`)
      : typeof value === 'string'
        ? parseDuration(value)
        : null;
  if (ms !== null) return ms;
  throw refusal(`"${field}" is not a duration`, `Give ${DURATION_ALLOWED}, or a number of ms.`);
}
