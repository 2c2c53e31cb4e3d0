import type { TableProgress } from '../contract/table.ts';

/**
 * What has been seen of one pass so far: the evidence that idle, stall and the next poll are judged
 * by. Plain data: it travels between slices and through heartbeats.
 */
export interface Watch {
  /** When the run of the table was accepted, and looked at for the first time. */
  startedAtMs: number;
  /** Done cells when the run was accepted. */
  doneAtStart: number;
  /** Cells the provider said it queued; `null` when unknown. */
  requestedCells: number | null;
  /** Something was seen running, or the counts changed. */
  moved: boolean;
  /** Cells are known to be in flight: idle without movement is never believed. */
  mustMove: boolean;
  last: TableProgress | null;
  lastReadAtMs: number;
  lastChangeAtMs: number;
  /** Readings so far. */
  reads: number;
  /** Equal readings in a row that said idle, the last one included. */
  idleReads: number;
  /** Of the first of those readings; as all that follows left out by older versions. */
  idleSinceMs?: number;
  /** Idle is not believed before it has lasted so long. */
  quietMs?: number;
  /** The counts explain the idle reading: what was in progress before it is done, little is left. */
  explained: boolean;
  /** Most cells seen in progress at once. */
  peakInProgress: number;
  /** Done cells per ms, newer readings weigh more. */
  ratePerMs: number;
}

export interface WatchStart {
  /** Done cells before the run was asked for. */
  doneAtStart: number;
  requestedCells: number | null;
  mustMove: boolean;
  quietMs?: number;
}

export function beginWatch(start: WatchStart, nowMs: number): Watch {
  return {
    ...start,
    startedAtMs: nowMs,
    moved: false,
    last: null,
    lastReadAtMs: nowMs,
    lastChangeAtMs: nowMs,
    reads: 0,
    idleReads: 0,
    explained: false,
    peakInProgress: 0,
    ratePerMs: 0,
  };
}

/**
 * Goes on with what was seen before, by somebody else perhaps. The time since then says nothing of a
 * stall: nobody looked, and two workers' clocks may differ, by as long as a step has waited for one.
 */
export function lookAgain(watch: Watch, nowMs: number): Watch {
  if (watch.last === null) {
    return { ...watch, startedAtMs: nowMs, lastReadAtMs: nowMs, lastChangeAtMs: nowMs };
  }
  const unseenMs = nowMs - watch.lastReadAtMs;
  return { ...watch, lastChangeAtMs: Math.min(nowMs, watch.lastChangeAtMs + unseenMs) };
}

/**
 * What did not move so far had its reason, which is gone now: the stall time begins anew. A pause is no
 * such reason: nobody looks then (`lookAgain`), and what hung before it hangs on.
 */
export const excused = (watch: Watch): Watch => ({ ...watch, lastChangeAtMs: watch.lastReadAtMs });

const isIdle = (p: TableProgress): boolean => !p.running && p.cellsInProgress === 0;

const sameCounts = (a: TableProgress, b: TableProgress): boolean =>
  a.cellsDone === b.cellsDone &&
  a.cellsInProgress === b.cellsInProgress &&
  a.cellsFailed === b.cellsFailed &&
  a.running === b.running;

/** Older readings fade with a time constant of a tenth of the pass, 10 s at least. */
const RATE_MEMORY_SHARE = 0.1;
const RATE_MEMORY_AT_LEAST_MS = 10_000;

function nextRate(watch: Watch, progress: TableProgress, nowMs: number): number {
  const sinceMs = nowMs - watch.lastReadAtMs;
  const doneBefore = watch.last?.cellsDone ?? watch.doneAtStart;
  if (sinceMs <= 0) return watch.ratePerMs;
  const observed = Math.max(0, progress.cellsDone - doneBefore) / sinceMs;
  if (watch.ratePerMs === 0) return observed;
  const goneMs = nowMs - watch.startedAtMs;
  const memoryMs = Math.max(RATE_MEMORY_AT_LEAST_MS, goneMs * RATE_MEMORY_SHARE);
  return watch.ratePerMs + (1 - Math.exp(-sinceMs / memoryMs)) * (observed - watch.ratePerMs);
}

/** Adds one reading of the table to the evidence. */
export function observe(watch: Watch, progress: TableProgress, nowMs: number): Watch {
  const changed = watch.last !== null && !sameCounts(watch.last, progress);
  const idle = isIdle(progress);
  const sameIdle = idle && watch.idleReads > 0 && !changed;
  return {
    ...watch,
    moved: watch.moved || !idle || progress.cellsDone !== watch.doneAtStart,
    last: progress,
    lastReadAtMs: nowMs,
    lastChangeAtMs: changed ? nowMs : watch.lastChangeAtMs,
    reads: watch.reads + 1,
    idleReads: idle ? (sameIdle ? watch.idleReads + 1 : 1) : 0,
    idleSinceMs: sameIdle ? (watch.idleSinceMs ?? nowMs) : nowMs,
    explained: idle && (sameIdle ? watch.explained : explainsIdle(watch, progress)),
    peakInProgress: Math.max(watch.peakInProgress, progress.cellsInProgress),
    ratePerMs: nextRate(watch, progress, nowMs),
  };
}

/** Of the cells in progress at the reading before, so many were seen to get done … */
const SEEN_DONE_SHARE = 0.5;
/** … and of all cells of the pass no more than this may be open: failed and blocked ones. */
const OPEN_SHARE_AT_MOST = 0.3;

/**
 * Whether the pass ended before our eyes. A status that says idle in the middle of a run has either
 * much left, or cells in progress that are not done afterwards.
 */
function explainsIdle(watch: Watch, progress: TableProgress): boolean {
  const { last } = watch;
  if (last === null || last.cellsInProgress === 0) return false;
  const seenDone = progress.cellsDone - last.cellsDone;
  if (seenDone < last.cellsInProgress * SEEN_DONE_SHARE) return false;
  const expected = expectedCells(watch, progress);
  const done = progress.cellsDone - watch.doneAtStart;
  return expected - done <= expected * OPEN_SHARE_AT_MOST;
}

/** Cells of the pass. */
export function expectedCells(watch: Watch, progress: TableProgress): number {
  return watch.requestedCells ?? progress.cellsTotal - watch.doneAtStart;
}

/** Cells that will probably still move in this pass. */
export function cellsLeft(watch: Watch): number {
  const { last } = watch;
  if (last === null) return watch.requestedCells ?? 0;
  const done = last.cellsDone - watch.doneAtStart;
  const undone = Math.max(0, expectedCells(watch, last) - done);
  // Failed and blocked cells never become done: once the queue drains, what is in progress is
  // all that is left. Below its peak it drains (Extruct may or may not count queued cells).
  const draining = last.cellsInProgress < 0.9 * watch.peakInProgress;
  return draining ? Math.min(undone, last.cellsInProgress) : undone;
}

/** Time until the pass is idle by the rate of late; `null` before anything moved. */
export function leftByRateMs(watch: Watch): number | null {
  return watch.ratePerMs > 0 ? cellsLeft(watch) / watch.ratePerMs : null;
}

/**
 * Time until the pass is probably idle: by the rate of late, and at least as long again as nothing
 * has changed (what has hung for long will hang on). `null` before anything moved.
 */
export function timeLeftMs(watch: Watch): number | null {
  const byRateMs = leftByRateMs(watch);
  return byRateMs === null ? null : Math.max(byRateMs, watch.lastReadAtMs - watch.lastChangeAtMs);
}

const FEW_CELLS = 3;
const FEW_SHARE = 0.02;

/** Whether the end is near, or cannot be told: few cells to go, or nothing done so far. */
export function nearsEnd(watch: Watch): boolean {
  const { last } = watch;
  if (last === null || watch.ratePerMs === 0) return true;
  return cellsLeft(watch) <= Math.max(FEW_CELLS, expectedCells(watch, last) * FEW_SHARE);
}
