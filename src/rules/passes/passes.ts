import type { RunPolicy } from '../../contract/pipeline.ts';
import type { ScanResult } from '../../contract/results.ts';

/** End of the wait for a pass. */
export type WaitEnd = 'idle' | 'stalled' | 'deadline';

/**
 * Kind of a pass. `first`: every cell without a value. `failed`: failed cells again.
 * `newly-failed`: only those that no rerun requested. `follow-up`: cells that could start only now,
 * or were never started. `stage`: cells whose conditions hold, never asked for. `nudge`: stalled cells again. `wait`: sends nothing, and gives cells in
 * flight more time.
 */
export type PassKind =
  'first' | 'failed' | 'newly-failed' | 'follow-up' | 'stage' | 'nudge' | 'wait';

export const isRerun = (kind: PassKind): boolean => kind === 'failed' || kind === 'newly-failed';

/** History, as far as the next pass depends on it. */
export interface PassHistory {
  /** Reruns of failed cells so far. */
  failedPasses: number;
  last: PassKind;
  lastEnd: WaitEnd;
  /** Failed cells that got an answer since the last rerun was sent; `null` before the first. */
  repaired: number | null;
  /**
   * True if cells were in flight when the last rerun was decided: it named none of those that have
   * failed since. They get one rerun of their own.
   */
  missedByRerun?: boolean;
  /** Number of waits since a cell was last done. */
  idleWaits: number;
  nudges: number;
  followUps: number;
  /** Waits of the whole run that ended with cells still waiting. */
  waits: number;
}

const MAX_WAITS = 2;
/** Maximum nudges; cells still stalled afterwards stay open. */
const MAX_NUDGES = 1;
/** Columns that the provider adds block all others, and requesting them is free. */
const MAX_NUDGES_OF_AUTOMATIC = 3;
/** Maximum follow-ups: cells that did not start when requested are not requested again. */
const MAX_FOLLOW_UPS = 1;

/** Rerun, wait on, or stop: `null` means publish. Never pays for a cell that is done. */
export function nextPass(found: ScanResult, log: PassHistory, policy: RunPolicy): PassKind | null {
  if (log.lastEnd === 'deadline') return null;
  const { inFlight, waiting, untouched, due, staged = 0 } = found;
  if (inFlight === 0 && waiting === 0 && staged > 0) return 'stage';
  const followUp = due > 0 && log.followUps < MAX_FOLLOW_UPS;
  if (inFlight === 0 && followUp) return 'follow-up';
  if (inFlight + waiting + untouched > 0) {
    // Put back by the provider: nothing will start them, and waiting brings nothing.
    if (found.outOfCredits === true && waiting > 0 && log.nudges === 0) return 'nudge';
    // The status said idle, the cells say otherwise: it lagged, or they are queued later. Believe the cells.
    if (log.lastEnd === 'idle' && log.idleWaits < MAX_WAITS) return 'wait';
    if (inFlight + waiting > 0 && log.nudges < nudgesAtMost(found)) return 'nudge';
  }
  if (staged > 0) return 'stage';
  if (followUp) return 'follow-up';
  const failed = failedToAsk(found) + found.automatic.failed;
  if (failed === 0) return null;
  if (log.failedPasses >= policy.failedPasses) {
    return log.missedByRerun === true && found.neverRerun > 0 ? 'newly-failed' : null;
  }
  if (log.repaired !== 0 || untouched > 0) return 'failed';
  // A rerun that fixed nothing is not repeated; cells that failed for the first time since get one.
  return found.neverRerun > 0 ? 'newly-failed' : null;
}

const nudgesAtMost = ({ behindAutomatic }: ScanResult): number =>
  behindAutomatic > 0 ? MAX_NUDGES_OF_AUTOMATIC : MAX_NUDGES;

/** The pass that pays for nothing: cells that were asked for get more time. `null` means publish. */
export function unpaidPass(found: ScanResult, log: PassHistory): PassKind | null {
  const { inFlight, waiting, untouched } = found;
  const isWorth = log.lastEnd === 'idle' && log.idleWaits < MAX_WAITS;
  return isWorth && inFlight + waiting + untouched > 0 ? 'wait' : null;
}

/** The pass that an operator requested beyond the policy, once the policy itself has none. */
export const passOnDemand = (found: ScanResult, log: PassHistory): PassKind | null =>
  failedToAsk(found) > 0 && log.lastEnd !== 'deadline' ? 'failed' : null;

/** Failed cells without those that a night leaves. */
const failedToAsk = ({ cells, left = 0 }: ScanResult): number => cells.failed - left;

/** Passes that are due beside those of the policy. */
export interface PassesDue {
  /** A run that went on from an earlier one: that one may have ended without its first pass. */
  firstPassPending: boolean;
  /** An operator asked for one more pass over the failed cells. */
  rerunRequested: boolean;
}

/** Next pass, and the passes due after it. */
export interface PassPlan extends PassesDue {
  /** `null`: nothing, the run publishes. */
  pass: PassKind | null;
}

/**
 * The next pass: the policy's own, else a first one that is still due, else the one that was asked for.
 * Each of the latter is planned once. `mayPay`: whether cells may be asked for at all.
 */
export function planNextPass(
  found: ScanResult,
  log: PassHistory,
  { firstPassPending, rerunRequested }: PassesDue,
  { policy, mayPay }: { policy: RunPolicy; mayPay: boolean },
): PassPlan {
  const planned = (pass: PassKind | null, due: PassesDue): PassPlan => ({
    ...due,
    pass: pass === 'wait' || mayPay ? pass : null,
  });
  const next = nextPass(found, log, policy);
  if (next !== null) return planned(next, { firstPassPending, rerunRequested });
  if (firstPassPending && neverAsked(found))
    return planned('first', { firstPassPending: false, rerunRequested });
  const onDemand = rerunRequested ? passOnDemand(found, log) : null;
  return planned(onDemand, {
    firstPassPending,
    rerunRequested: rerunRequested && onDemand === null,
  });
}

/**
 * Checks for cells that nothing will ever start: the automatic columns they wait for were not
 * requested either. This happens if a run ended before its first pass; cells requested since may be
 * stalled.
 */
export const neverAsked = ({ cells, inFlight, startable, undecided = 0 }: ScanResult): boolean =>
  cells.pending - undecided > inFlight && startable === 0;

/** The log after a pass of `kind` whose scan found `found`. */
export function recordPass(
  log: PassHistory | null,
  kind: PassKind,
  end: WaitEnd,
  before: ScanResult | null,
  found: ScanResult,
): PassHistory {
  const progressed = before === null || answered(found) > answered(before);
  const rerun = isRerun(kind);
  const missedByRerun = rerun
    ? kind === 'failed' && hadCellsInFlight(before)
    : (log?.missedByRerun ?? false);
  const sinceProgress = (count: number, counts: boolean): number =>
    progressed ? 0 : count + (counts ? 1 : 0);
  return {
    failedPasses: (log?.failedPasses ?? 0) + (rerun ? 1 : 0),
    last: kind,
    lastEnd: end,
    repaired: rerun ? found.repaired : repairedSince(log, found),
    ...(missedByRerun ? { missedByRerun } : {}),
    // What a rerun asked for may be queued late: it has waits of its own.
    idleWaits: rerun ? 0 : sinceProgress(log?.idleWaits ?? 0, kind === 'wait'),
    nudges: sinceProgress(log?.nudges ?? 0, kind === 'nudge'),
    followUps: sinceProgress(log?.followUps ?? 0, kind === 'follow-up'),
    waits: (log?.waits ?? 0) + (kind === 'wait' && found.waiting > 0 ? 1 : 0),
  };
}

/** Stalled cells may come back, and fail for the first time. */
const hadCellsInFlight = (before: ScanResult | null): boolean =>
  before !== null && before.inFlight + before.waiting > 0;

/** A cell of a rerun may stall, and get its answer only after a nudge. */
const repairedSince = (log: PassHistory | null, found: ScanResult): number | null =>
  log === null || log.repaired === null ? null : log.repaired + found.repaired;

const answered = ({ cells, automatic }: ScanResult): number =>
  cells.done + cells.empty + automatic.done;

/** Minimum time without a change before idle is accepted after many waits, in ms. */
const QUIET_MS = 4_000;
const MAX_QUIET_MS = 120_000;
const QUIET_SHARE_OF_STALL = 0.1;

/**
 * Returns the time without a change before the next scan. Otherwise a table queued piece by piece
 * would be scanned after every piece.
 */
export function quietMsOf(waits: number, stallAfterMs: number): number {
  if (waits === 0) return 0;
  const most = Math.min(MAX_QUIET_MS, stallAfterMs * QUIET_SHARE_OF_STALL);
  return Math.min(QUIET_MS * 2 ** (waits - 1), most);
}
