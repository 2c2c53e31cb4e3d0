import type { PassTracking } from './tracking.ts';

export interface IdlePolicy {
  stallAfterMs: number;
  minPollIntervalMs: number;
}

export type PassStatus = 'running' | 'idle' | 'stalled';

/** A status read right after the run may come before the work is queued: so many shortest polls. */
const SETTLE_POLLS = 6;

/**
 * Classifies the latest reading. `idle` with nothing in progress is accepted
 * - at once, if every cell is done, or the cells in progress at the previous reading were done and
 *   few are open (the following scan checks each);
 * - on a second equal reading, after observed progress or if nothing was queued;
 * - after a settling time, if nothing ever changed (the following scan checks it). After many waits
 *   it must also last for a while, unless every cell is done.
 *
 * Anything else without a change for the stall time is a stall.
 */
export function classifyIdle(
  tracking: PassTracking,
  policy: IdlePolicy,
  nowMs: number,
): PassStatus {
  const { last } = tracking;
  if (last === null) return 'running';
  if (tracking.consecutiveIdleReadings > 0) {
    if (tracking.progressSeen && last.cellsDone >= last.cellsTotal) return 'idle';
    const isQuiet = nowMs - tracking.idleSinceMs >= tracking.quietMs;
    if (tracking.progressSeen && tracking.countsAddUp && isQuiet) return 'idle';
    if (tracking.consecutiveIdleReadings >= 2) {
      const nothingAsked = tracking.requestedCells === 0 && !tracking.requireProgress;
      if ((tracking.progressSeen && isQuiet) || nothingAsked) return 'idle';
      const settleMs = Math.min(SETTLE_POLLS * policy.minPollIntervalMs, policy.stallAfterMs);
      if (!tracking.requireProgress && nowMs - tracking.startedAtMs >= settleMs) return 'idle';
    }
  }
  return nowMs - tracking.lastChangeAtMs >= policy.stallAfterMs ? 'stalled' : 'running';
}

/**
 * Checks whether to read the awaited cells one by one, because the status is idle without any
 * progress.
 *
 * @param quietMs Time without a change that has not led to a check
 */
export const asksTheCells = (tracking: PassTracking, quietMs: number, nowMs: number): boolean =>
  tracking.requireProgress &&
  !tracking.progressSeen &&
  tracking.consecutiveIdleReadings > 0 &&
  nowMs - tracking.lastChangeAtMs >= quietMs;

/** Returns the time without a change before cells are read; it doubles each time. */
export const askCellsAfterMs = ({ minPollIntervalMs }: IdlePolicy): number =>
  SETTLE_POLLS * minPollIntervalMs;
