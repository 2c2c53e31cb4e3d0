import type { Watch } from './watch.ts';

export interface IdlePolicy {
  stallAfterMs: number;
  pollAtLeastMs: number;
}

export type Verdict = 'running' | 'idle' | 'stalled';

/** A status read right after the run may come before the work is queued: so many shortest polls. */
const SETTLE_POLLS = 6;

/**
 * Idle is a judgement, not a flag. The documentation's `idle` and none in progress is believed
 * - at once, when every cell of the table is done, or the cells that were in progress at the reading
 *   before were seen to get done and few are open: the sweep that follows looks at each of them;
 * - on a second equal reading, when movement was seen or nothing was queued;
 * - after a settling time, when nothing was ever seen to move (the sweep that follows tells).
 * After many pauses in a run it must also have lasted for a while, unless every cell is done. Anything
 * else without a change for the stall time is a stall.
 */
export function judge(watch: Watch, policy: IdlePolicy, nowMs: number): Verdict {
  const { last } = watch;
  if (last === null) return 'running';
  if (watch.idleReads > 0) {
    if (watch.moved && last.cellsDone >= last.cellsTotal) return 'idle';
    const isQuiet = nowMs - (watch.idleSinceMs ?? nowMs) >= (watch.quietMs ?? 0);
    if (watch.moved && watch.explained && isQuiet) return 'idle';
    if (watch.idleReads >= 2) {
      const nothingAsked = watch.requestedCells === 0 && !watch.mustMove;
      if ((watch.moved && isQuiet) || nothingAsked) return 'idle';
      const settleMs = Math.min(SETTLE_POLLS * policy.pollAtLeastMs, policy.stallAfterMs);
      if (!watch.mustMove && nowMs - watch.startedAtMs >= settleMs) return 'idle';
    }
  }
  return nowMs - watch.lastChangeAtMs >= policy.stallAfterMs ? 'stalled' : 'running';
}

/**
 * Whether the cells that a pass waits for are looked at one by one: the status says idle and has shown no
 * movement, which is not believed of them.
 *
 * @param quietMs Without a change so far that led to no look
 */
export const asksTheCells = (watch: Watch, quietMs: number, nowMs: number): boolean =>
  watch.mustMove && !watch.moved && watch.idleReads > 0 && nowMs - watch.lastChangeAtMs >= quietMs;

/** Without a change for so long they are looked at; then after twice that, and so on. */
export const askCellsAfterMs = ({ pollAtLeastMs }: IdlePolicy): number =>
  SETTLE_POLLS * pollAtLeastMs;
