import { classifyIdle } from '../../src/rules/passes/idle.ts';
import { nextPollMs, sliceIsOver } from '../../src/rules/passes/polling.ts';
import { startTracking, recordReading } from '../../src/rules/passes/tracking.ts';
import type { PassTimeline } from './pass-timeline.ts';
import { between, randomOf, type Random } from './random.ts';

/** Wait for a pass, as one watcher did it. */
export interface Waited {
  /** Time from the start of the pass until its end was noticed. */
  noticedAtMs: number;
  /** Time after the last cell ended; below 0: idle was claimed too early. */
  lateMs: number;
  polls: number;
  /** Rounds of `awaitIdle`; 1 for a watcher without rounds. */
  slices: number;
  end: 'idle' | 'stalled';
  /** Readings that the documentation calls finished, while there was work. */
  fooled: number;
}

/** The defaults of a pipeline file. */
const POLICY = { minPollIntervalMs: 2_000, maxPollIntervalMs: 120_000, stallAfterMs: 30 * 60_000 };

/** The reply of a status request. */
const replyMs = (random: Random): number => between(random, 50, 300);

/** The loop of activities/await-idle.ts, with its own rules, on a clock that is only a number. */
export function watchByRules(timeline: PassTimeline): Waited {
  const random = randomOf(timeline.shape.seed + 17);
  let nowMs = 0;
  let polls = 0;
  let slices = 1;
  const { doneAtStart, requestedCells } = timeline;
  let watch = startTracking({ doneAtStart, requestedCells, requireProgress: false }, nowMs);
  let sliceStart = watch;
  let sliceSinceMs = nowMs;
  for (;;) {
    if (watch.last !== null) nowMs += nextPollMs(watch, POLICY, nowMs);
    nowMs += replyMs(random);
    polls += 1;
    watch = recordReading(watch, timeline.at(nowMs), nowMs);
    const verdict = classifyIdle(watch, POLICY, nowMs);
    if (verdict !== 'running') {
      const lateMs = nowMs - timeline.idleAtMs;
      return {
        noticedAtMs: nowMs,
        lateMs,
        polls,
        slices,
        end: verdict,
        fooled: lateMs < 0 ? 1 : 0,
      };
    }
    if (sliceIsOver(sliceStart, watch, nowMs - sliceSinceMs)) {
      slices += 1;
      sliceStart = watch;
      sliceSinceMs = nowMs;
    }
  }
}

/**
 * Waits as scripts do: sleeps and asks until the documented condition holds. A status that lags
 * fools it; it may then go on, to compare the rest.
 */
export function watchFixed(timeline: PassTimeline, everyMs = 5_000): Waited {
  const random = randomOf(timeline.shape.seed + 23);
  let nowMs = 0;
  let polls = 0;
  let fooled = 0;
  for (;;) {
    nowMs += everyMs + replyMs(random);
    polls += 1;
    const { running, cellsInProgress } = timeline.at(nowMs);
    if (running || cellsInProgress > 0) continue;
    if (nowMs < timeline.idleAtMs) fooled += 1;
    else {
      const lateMs = nowMs - timeline.idleAtMs;
      return { noticedAtMs: nowMs, lateMs, polls, slices: 1, end: 'idle', fooled };
    }
  }
}
