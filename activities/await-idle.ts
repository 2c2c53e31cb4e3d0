import type { ApiCalls } from '../src/contract/run.ts';
import type { RunReceipt, TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { CallContext } from '../src/providers/provider.ts';
import { askCellsAfterMs, asksTheCells, judge } from '../src/rules/idle.ts';
import { nextPollMs, sliceIsOver } from '../src/rules/poll.ts';
import { lookAgain, observe, timeLeftMs, type Watch } from '../src/rules/watch.ts';
import { whole } from '../src/rules/whole.ts';
import { readAccount } from './account.ts';
import { AwaitedCells, type AwaitedCellsInput } from './awaited-cells.ts';
import type { ActivityDeps } from './deps.ts';
import { readPatiently } from './reading.ts';
import { activity, type Step } from './step.ts';
import { patient, type TroubleInput } from './trouble.ts';
import { whileWaiting } from './waiting.ts';

export interface AwaitIdleInput {
  provider: string;
  /** Columns are not needed to poll, and would only fill the history. */
  table: TableRef;
  receipt: RunReceipt;
  watch: Watch;
  policy: { pollAtLeastMs: number; pollAtMostMs: number; stallAfterMs: number };
  /** Epoch ms. */
  deadlineAtMs: number;
  /** Of a pass that believes no idle without movement. Left out: of any other, and by older versions. */
  awaited?: AwaitedCellsInput;
  trouble?: TroubleInput;
}

export interface WaitedSlice {
  /**
   * `stopped`: it was cancelled, which is how a pause or new limits reach it. `no credits`: nothing moves,
   * and the account has none left.
   */
  end: 'idle' | 'stalled' | 'no credits' | 'deadline' | 'slice' | 'stopped';
  watch: Watch;
  calls: ApiCalls;
}

/**
 * One slice of waiting: polls until the pass is idle, stalled or past the deadline, or until there
 * is something new to show. A failed poll never ends a run.
 */
export const awaitIdle = activity<AwaitIdleInput, WaitedSlice, Watch>(
  async (input, step, deps) => {
    const { provider } = input;
    const slice = await whileWaiting(deps, provider, 'cells', () => wait(deps, input, step));
    deps.onEvent?.({ type: 'slice ended', provider, end: slice.end });
    return slice;
  },
  (input) => patient(input, true),
);

async function wait(
  deps: ActivityDeps,
  input: AwaitIdleInput,
  step: Step<Watch>,
): Promise<WaitedSlice> {
  const now = deps.now ?? Date.now;
  const sinceMs = now();
  const watchedMs = timeFrom(sinceMs);
  let watch = lookAgain(resume(input.watch, step.previous), sinceMs);
  let accountAfterMs = ACCOUNT_AFTER_MS;
  let cellsAfterMs = askCellsAfterMs(input.policy);
  const areOver = cellsOf(deps, input, step);
  for (;;) {
    const { policy, deadlineAtMs } = input;
    // Less when the deadline is near; a first reading comes soon after the start.
    const wantedMs = watch.last === null ? 0 : nextPollMs(watch, policy, watchedMs());
    try {
      await step.sleep(Math.min(wantedMs, Math.max(0, deadlineAtMs - now())));
      watch = await poll(deps, input, watch, { step, nowMs: watchedMs });
    } catch (error) {
      // What was seen is handed back. A worker that stops throws: the next one goes on.
      if (!step.isCancelled()) throw error;
      return { end: 'stopped', watch, calls: step.calls };
    }
    step.report(watch, saysOf(watch));
    const verdict = judge(watch, policy, watchedMs());
    if (verdict !== 'running') return { end: verdict, watch, calls: step.calls };
    if (now() >= deadlineAtMs) return { end: 'deadline', watch, calls: step.calls };
    if (asksTheCells(watch, cellsAfterMs, watchedMs())) {
      if (await areOver()) return { end: 'idle', watch, calls: step.calls };
      cellsAfterMs = (watchedMs() - watch.lastChangeAtMs) * 2;
    }
    const quietMs = watchedMs() - watch.lastChangeAtMs;
    if (quietMs >= accountAfterMs) {
      if (await isBroke(deps, input.provider, step)) {
        return { end: 'no credits', watch, calls: step.calls };
      }
      accountAfterMs = quietMs * 2;
    }
    if (sliceIsOver(input.watch, watch, watchedMs() - sinceMs)) {
      return { end: 'slice', watch, calls: step.calls };
    }
  }
}

/** Without a change for so long the account is read; then after twice that, and so on. */
const ACCOUNT_AFTER_MS = 60_000;

/** Whether the cells that are waited for are over; what cannot be read leaves the pass to its stall time. */
function cellsOf(
  deps: ActivityDeps,
  { provider: name, table, awaited }: AwaitIdleInput,
  step: Step<Watch>,
): () => Promise<boolean> {
  if (awaited === undefined) return () => Promise.resolve(false);
  const provider = deps.providers.get(name);
  const folder = deps.store.run(awaited.run);
  const reading = { sleep: (ms: number) => step.sleep(ms), ctx: countingPolls(step) };
  let cells: AwaitedCells | null = null;
  return async () => {
    try {
      cells ??= await AwaitedCells.of(awaited, { provider, table, folder });
      return await cells.areOver(reading);
    } catch (error) {
      // A cancelled one ends with the next wait.
      if (!(error instanceof RowmillError) && !step.isCancelled()) throw error;
      return false;
    }
  };
}

/** An account that cannot be read leaves the pass to its stall time. */
async function isBroke(deps: ActivityDeps, provider: string, step: Step<Watch>): Promise<boolean> {
  step.calls.polls += 1;
  try {
    const { credits } = await readAccount(deps, provider, step);
    return credits !== null && credits <= 0;
  } catch (error) {
    // A cancelled one ends with the next wait.
    if (!(error instanceof RowmillError) && !step.isCancelled()) throw error;
    return false;
  }
}

/**
 * What is watched is held against time that only goes on: the worker may learn in the middle of a slice
 * what time it is.
 */
function timeFrom(startMs: number): () => number {
  const since = performance.now();
  return () => Math.round(startMs + performance.now() - since);
}

/** For people: `1,092 of 1,509 cells done, 50 in progress, 64 cells/min, about 6 min left`. */
function saysOf(watch: Watch): string {
  const { last, ratePerMs, lastReadAtMs } = watch;
  if (last === null) return 'nothing read yet';
  const leftMs = timeLeftMs(watch);
  const failed = last.cellsFailed === null ? [] : [`${whole(last.cellsFailed)} failed`];
  return [
    `${whole(last.cellsDone)} of ${whole(last.cellsTotal)} cells done`,
    ...failed,
    `${whole(last.cellsInProgress)} in progress`,
    ...(ratePerMs === 0 ? [] : [`${whole(ratePerMs * 60_000)} cells/min`]),
    ...(leftMs === null ? [] : [`about ${whole(leftMs / 60_000)} min left`]),
    `read at ${new Date(lastReadAtMs).toISOString()}`,
  ].join(', ');
}

/** Evidence an earlier attempt had gathered, where its heartbeat arrived and is of our shape. */
function resume(start: Watch, previous: unknown): Watch {
  if (typeof previous !== 'object' || previous === null) return start;
  const keys = Object.keys(start);
  const complete = keys.every((key) => key in previous);
  // Every field of a Watch is there; it was written by this activity.
  return complete ? (previous as Watch) : start;
}

async function poll(
  deps: ActivityDeps,
  input: AwaitIdleInput,
  watch: Watch,
  { step, nowMs }: { step: Step<Watch>; nowMs: () => number },
): Promise<Watch> {
  const provider = deps.providers.get(input.provider);
  const ctx = countingPolls(step);
  const dueAtMs = nowMs();
  const progress = await readPatiently(step, () =>
    provider.progress(input.table, input.receipt, ctx),
  );
  const readAtMs = nowMs();
  deps.onEvent?.({ type: 'polled', provider: input.provider, lateMs: readAtMs - dueAtMs });
  return observe(watch, progress, readAtMs);
}

const countingPolls = (step: Step<Watch>): CallContext => ({
  ...step.ctx,
  onRequest: (route) => {
    step.ctx.onRequest?.(route);
    step.calls.polls += 1;
  },
});
