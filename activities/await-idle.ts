import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRunRef, TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Reading } from '../src/report/facts.ts';
import type { RunKey } from '../src/store/store.ts';
import type { CallContext } from '../src/providers/provider.ts';
import { askCellsAfterMs, asksTheCells, classifyIdle } from '../src/rules/passes/idle.ts';
import { nextPollMs, sliceIsOver } from '../src/rules/passes/polling.ts';
import {
  laterTracking,
  resumeTracking,
  recordReading,
  timeLeftMs,
  type PassTracking,
} from '../src/rules/passes/tracking.ts';
import { formatInteger } from '../src/text/numbers.ts';
import { readAccount } from './account.ts';
import { AwaitedCells, type AwaitedCellsInput } from './results/scan/awaited-cells.ts';
import { recordReadings, readingOf } from './run-files/run-timeline.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { bestEffort } from './runtime/best-effort.ts';
import { retryRead } from './runtime/retry-read.ts';
import { activity, type ActivityAttempt, trackWaiting } from './runtime/activity.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';

export interface AwaitIdleInput {
  /** Run whose readings are kept. */
  run: RunKey;
  provider: string;
  /** Columns are not needed to poll, and would only fill the history. */
  table: TableRef;
  tableRun: TableRunRef;
  tracking: PassTracking;
  policy: { minPollIntervalMs: number; maxPollIntervalMs: number; stallAfterMs: number };
  /** Epoch ms. */
  deadlineAtMs: number;
  /** Cells of a pass that requires progress before idle. Left out: of any other. */
  awaited?: AwaitedCellsInput;
  trouble: TroubleInput;
}

export interface WaitedSlice {
  /**
   * `stopped`: it was cancelled, which is how a pause or new limits reach it. `no credits`: nothing moves,
   * and the account has none left.
   */
  end: 'idle' | 'stalled' | 'no credits' | 'deadline' | 'slice' | 'stopped';
  tracking: PassTracking;
  calls: ApiCalls;
}

/**
 * Polls one slice: until the pass is idle, stalled or past the deadline, or until there is
 * something new to show. A failed poll never ends a run.
 */
export const awaitIdle = activity<AwaitIdleInput, WaitedSlice, PassTracking>(
  async (input, attempt, deps) => {
    const { provider } = input;
    let readings: Reading[] = [];
    let kept = Promise.resolve();
    const keep = (): Promise<void> => {
      const some = readings;
      readings = [];
      kept = kept.then(() => keepReadings(deps, input, some));
      return kept;
    };
    try {
      const slice = await trackWaiting(deps, provider, 'cells', () =>
        wait(deps, input, attempt, ({ last, lastReadAtMs }) => {
          if (last !== null) readings.push(readingOf(last, lastReadAtMs));
          // Beside the polls, which a slow store must not delay.
          if (readings.length >= READINGS_AT_ONCE) void keep();
        }),
      );
      deps.onEvent?.({ type: 'slice ended', provider, end: slice.end });
      return slice;
    } finally {
      await keep();
    }
  },
  (input) => ({ ...tolerant(input, true), reportsDetails: true }),
);

/** Readings after which they are kept: a worker that is killed loses fewer of them. */
const READINGS_AT_ONCE = 40;

/** Keeps readings for the report, which is no reason to fail a wait. */
async function keepReadings(
  { store }: ActivityDeps,
  { run }: AwaitIdleInput,
  readings: readonly Reading[],
): Promise<void> {
  await bestEffort('readings are not kept', () => recordReadings(store.run(run), readings));
}

async function wait(
  deps: ActivityDeps,
  input: AwaitIdleInput,
  attempt: ActivityAttempt<PassTracking>,
  onReading: (tracking: PassTracking) => void,
): Promise<WaitedSlice> {
  const now = deps.now ?? Date.now;
  const sinceMs = now();
  const watchedMs = timeFrom(sinceMs);
  let tracking = resumeTracking(laterTracking(input.tracking, attempt.previous), sinceMs);
  let accountAfterMs = ACCOUNT_AFTER_MS;
  let cellsAfterMs = askCellsAfterMs(input.policy);
  const areOver = cellsOf(deps, input, attempt);
  for (;;) {
    const { policy, deadlineAtMs } = input;
    // Less when the deadline is near; a first reading comes soon after the start.
    const wantedMs = tracking.last === null ? 0 : nextPollMs(tracking, policy, watchedMs());
    try {
      await attempt.sleep(Math.min(wantedMs, Math.max(0, deadlineAtMs - now())));
      const withinMs = Math.max(wantedMs, policy.minPollIntervalMs);
      tracking = await poll(deps, input, tracking, { attempt, nowMs: watchedMs, withinMs });
    } catch (error) {
      // Readings are returned. A worker that stops throws: the next one continues.
      if (!attempt.isCancelled()) throw error;
      return { end: 'stopped', tracking, calls: attempt.calls };
    }
    attempt.heartbeat(tracking, messageOf(tracking));
    onReading(tracking);
    const verdict = classifyIdle(tracking, policy, watchedMs());
    if (verdict !== 'running') return { end: verdict, tracking, calls: attempt.calls };
    if (now() >= deadlineAtMs) return { end: 'deadline', tracking, calls: attempt.calls };
    if (asksTheCells(tracking, cellsAfterMs, watchedMs())) {
      if (await areOver()) return { end: 'idle', tracking, calls: attempt.calls };
      cellsAfterMs = (watchedMs() - tracking.lastChangeAtMs) * 2;
    }
    const quietMs = watchedMs() - tracking.lastChangeAtMs;
    if (quietMs >= accountAfterMs) {
      if (await isOutOfCredits(deps, input.provider, attempt)) {
        return { end: 'no credits', tracking, calls: attempt.calls };
      }
      accountAfterMs = quietMs * 2;
    }
    if (sliceIsOver(input.tracking, tracking, watchedMs() - sinceMs)) {
      return { end: 'slice', tracking, calls: attempt.calls };
    }
  }
}

/** Time without a change after which the account is read; then after twice that, and so on. */
const ACCOUNT_AFTER_MS = 60_000;

/** Checks whether the awaited cells have ended; if they cannot be read, the stall time decides. */
function cellsOf(
  deps: ActivityDeps,
  { provider: name, table, awaited, policy }: AwaitIdleInput,
  attempt: ActivityAttempt<PassTracking>,
): () => Promise<boolean> {
  if (awaited === undefined) return () => Promise.resolve(false);
  const provider = deps.providers.get(name);
  const folder = deps.store.run(awaited.run);
  const reading = {
    sleep: (ms: number) => attempt.sleep(ms),
    ctx: pollContext(attempt, policy.maxPollIntervalMs),
  };
  let cells: AwaitedCells | null = null;
  return async () => {
    try {
      cells ??= await AwaitedCells.of(awaited, { provider, table, folder });
      return await cells.areOver(reading);
    } catch (error) {
      // A cancelled one ends with the next wait.
      if (!(error instanceof RowmillError) && !attempt.isCancelled()) throw error;
      return false;
    }
  };
}

/** An account that cannot be read leaves the pass to its stall time. */
async function isOutOfCredits(
  deps: ActivityDeps,
  provider: string,
  attempt: ActivityAttempt<PassTracking>,
): Promise<boolean> {
  attempt.calls.polls += 1;
  try {
    const { credits } = await readAccount(deps, provider, attempt);
    return credits !== null && credits <= 0;
  } catch (error) {
    // A cancelled one ends with the next wait.
    if (!(error instanceof RowmillError) && !attempt.isCancelled()) throw error;
    return false;
  }
}

/** Returns a monotonic clock: the worker may learn the server's time in the middle of a slice. */
function timeFrom(startMs: number): () => number {
  const since = performance.now();
  return () => Math.round(startMs + performance.now() - since);
}

/** Formats `1,092 of 1,509 cells done, 50 in progress, 64 cells/min, about 6 min left`. */
function messageOf(tracking: PassTracking): string {
  const { last, ratePerMs, lastReadAtMs } = tracking;
  if (last === null) return 'nothing read yet';
  const leftMs = timeLeftMs(tracking);
  const failed = last.cellsFailed === null ? [] : [`${formatInteger(last.cellsFailed)} failed`];
  return [
    `${formatInteger(last.cellsDone)} of ${formatInteger(last.cellsTotal)} cells done`,
    ...failed,
    `${formatInteger(last.cellsInProgress)} in progress`,
    ...(ratePerMs === 0 ? [] : [`${formatInteger(ratePerMs * 60_000)} cells/min`]),
    ...(leftMs === null ? [] : [`about ${formatInteger(leftMs / 60_000)} min left`]),
    `read at ${new Date(lastReadAtMs).toISOString()}`,
  ].join(', ');
}

async function poll(
  deps: ActivityDeps,
  input: AwaitIdleInput,
  tracking: PassTracking,
  {
    attempt,
    nowMs,
    withinMs,
  }: { attempt: ActivityAttempt<PassTracking>; nowMs: () => number; withinMs: number },
): Promise<PassTracking> {
  const provider = deps.providers.get(input.provider);
  const ctx = pollContext(attempt, withinMs);
  const dueAtMs = nowMs();
  const progress = await retryRead(attempt, () =>
    provider.progress(input.table, input.tableRun, ctx),
  );
  const readAtMs = nowMs();
  deps.onEvent?.({ type: 'polled', provider: input.provider, lateMs: readAtMs - dueAtMs });
  return recordReading(tracking, progress, readAtMs);
}

/** Context of requests that are counted as polls, and needed within this time. */
const pollContext = (
  attempt: ActivityAttempt<PassTracking>,
  pollWithinMs: number,
): CallContext => ({
  ...attempt.ctx,
  pollWithinMs,
  onRequest: (route) => {
    attempt.ctx.onRequest?.(route);
    attempt.calls.polls += 1;
  },
});
