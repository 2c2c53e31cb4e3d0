import type { PassTracking } from './tracking.ts';

export interface IdlePolicy {
  stallAfterMs: number;
  minPollIntervalMs: number;
}

export type PassStatus = 'running' | 'idle' | 'stalled';

/** A status read right after the run may come before the work is queued: so many shortest polls. */
const SETTLE_POLLS = 6;

/**
 * Idle is a judgement, not a flag. The documentation's `idle` and none in progress is believed
 * - at once, when every cell of the table is done, or the cells that were in progress at the reading
 *   before were seen to get done and few are open: the scan that follows looks at each of them;
 * - on a second equal reading, when movement was seen or nothing was queued;
 * - after a settling time, when nothing was ever seen to move (the scan that follows shows it).
 * After many pauses in a run it must also have lasted for a while, unless every cell is done. Anything
 * else without a change for the stall time is a stall.
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
 * Whether the cells that a pass waits for are looked at one by one: the status says idle and has shown no
 * movement, which is not believed of them.
 *
 * @param quietMs Without a change so far that led to no look
 */
export const asksTheCells = (tracking: PassTracking, quietMs: number, nowMs: number): boolean =>
  tracking.requireProgress &&
  !tracking.progressSeen &&
  tracking.consecutiveIdleReadings > 0 &&
  nowMs - tracking.lastChangeAtMs >= quietMs;

/** Without a change for so long they are looked at; then after twice that, and so on. */
export const askCellsAfterMs = ({ minPollIntervalMs }: IdlePolicy): number =>
  SETTLE_POLLS * minPollIntervalMs;
