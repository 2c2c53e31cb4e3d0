import type { TableProgress } from '../../src/contract/table.ts';
import { countUpTo } from './count-up-to.ts';
import { between, logBetween, randomOf, type Random } from './random.ts';
import { cellMsOf, type RunShape } from './shape.ts';
import { TimeHeap } from './time-heap.ts';

/** Progress of a pass in time, known beforehand: the reading at any moment. */
export interface PassTimeline {
  shape: RunShape;
  /** End of the last cell; the table is idle from then on. */
  idleAtMs: number;
  requestedCells: number;
  doneAtStart: number;
  /**
   * Times at which a single cell was in flight and none could start: only then may the pass end.
   */
  alone: readonly Alone[];
  at(ms: number): TableProgress;
}

export interface Alone {
  sinceMs: number;
  /** End of that cell. */
  untilMs: number;
  startedAtMs: number;
  /** Set if other cells wait for it, so that the pass ends only if it fails. */
  hasMore: boolean;
}

const SYSTEM_COLUMNS = 3;

/** Marks, in place of a cell, a time at which nothing ends but cells may start again. */
const OPENS = -1;

/** Lets the pass happen: each cell starts when the one before it on its row is done and a place is free. */
export function timelineOf(shape: RunShape): PassTimeline {
  const random = randomOf(shape.seed * 40_503 + 7);
  const system = shape.systemColumns ? SYSTEM_COLUMNS : 0;
  const perRow = system + shape.columns;
  const requestedCells = shape.rows * perRow;
  const startedAt: number[] = [];
  const doneAt: number[] = [];
  const failedAt: number[] = [];
  /** Failed, or abandoned because a cell before it failed: no longer in progress, and not done. */
  const lostAt: number[] = [];
  /** Two lanes: system cells have places of their own. */
  const waiting: number[][] = [[], []];
  const heads = [0, 0];
  const running = [0, 0];
  const ends = new TimeHeap();
  /** Cells in flight, by number. */
  const begun = new Map<number, number>();
  const alone: Alone[] = [];
  let nowMs = 0;

  const laneOf = (cell: number): number => (cell % perRow < system ? 0 : 1);
  const enqueue = (cell: number): void => void waiting[laneOf(cell)]?.push(cell);
  const opening = shape.pace === 'bursts' ? openings(randomOf(shape.seed + 31)) : null;
  const pump = (lane: number): void => {
    const queue = waiting[lane] ?? [];
    if (lane === 1 && shape.pace === 'waves' && (running[1] ?? 0) > 0) return;
    if (lane === 1 && opening !== null) {
      const opensAtMs = opening(nowMs);
      if (opensAtMs > nowMs) {
        if (queue[heads[1] ?? 0] !== undefined) ends.push(opensAtMs, OPENS);
        return;
      }
    }
    while ((running[lane] ?? 0) < shape.concurrency) {
      const cell = queue[heads[lane] ?? 0];
      if (cell === undefined) return;
      heads[lane] = (heads[lane] ?? 0) + 1;
      running[lane] = (running[lane] ?? 0) + 1;
      startedAt.push(nowMs);
      begun.set(cell, nowMs);
      const ms = lane === 0 ? between(random, 200, 6_000) : cellMsOf(shape, random);
      ends.push(nowMs + ms, cell);
    }
  };
  /** Returns the cells of the same row that wait for this one. */
  const next = (column: number): number[] => {
    if (column < system - 1) return [column + 1];
    if (column === system - 1) return shape.chained ? [system] : range(system, perRow);
    return shape.chained && column + 1 < perRow ? [column + 1] : [];
  };
  const behind = (column: number): number =>
    next(column).reduce((sum, n) => sum + 1 + behind(n), 0);

  const isQueued = (): boolean =>
    waiting.some((queue, lane) => queue[heads[lane] ?? 0] !== undefined);

  const first = system > 0 || shape.chained ? [0] : range(0, perRow);
  for (let row = 0; row < shape.rows; row += 1) {
    for (const column of first) enqueue(row * perRow + column);
  }
  pump(0);
  pump(1);
  for (;;) {
    const end = ends.pop();
    if (end === null) break;
    if (end.cell === OPENS && heads[1] === waiting[1]?.length) continue;
    nowMs = end.atMs;
    if (end.cell === OPENS) {
      pump(1);
      continue;
    }
    const lane = laneOf(end.cell);
    running[lane] = (running[lane] ?? 0) - 1;
    begun.delete(end.cell);
    const column = end.cell % perRow;
    if (lane === 1 && random() < shape.failRate) {
      failedAt.push(nowMs);
      for (let lost = 1 + behind(column); lost > 0; lost -= 1) lostAt.push(nowMs);
    } else {
      doneAt.push(nowMs);
      for (const to of next(column)) enqueue(end.cell - column + to);
    }
    pump(0);
    pump(1);
    const [last, another] = begun;
    if (last === undefined || another !== undefined || isQueued()) continue;
    const [cell, startedAtMs] = last;
    const hasMore = next(cell % perRow).length > 0;
    alone.push({ sinceMs: nowMs, untilMs: ends.peekMs() ?? nowMs, startedAtMs, hasMore });
  }

  return {
    shape,
    idleAtMs: nowMs,
    requestedCells,
    doneAtStart: shape.doneBefore,
    alone,
    at: (ms) => {
      const lagging = ms < shape.statusLagMs;
      const done = countUpTo(doneAt, ms);
      const asked = requestedCells - done - countUpTo(lostAt, ms);
      // Failed cells alone leave `in progress` when `requested` is not counted.
      const started = countUpTo(startedAt, ms) - done - countUpTo(failedAt, ms);
      return {
        rows: shape.rows,
        running: !lagging && asked > 0,
        cellsTotal: shape.doneBefore + requestedCells,
        cellsDone: shape.doneBefore + (lagging ? 0 : done),
        cellsInProgress: lagging ? 0 : shape.countRequested ? asked : started,
        cellsFailed: null,
      };
    },
  };
}

/** Returns a function that answers when cells may start next: now or later. Asked in ascending time. */
function openings(random: Random): (atMs: number) => number {
  let opensAtMs = 0;
  let closesAtMs = between(random, 30_000, 300_000);
  return (atMs) => {
    while (atMs >= closesAtMs) {
      opensAtMs = closesAtMs + logBetween(random, 10_000, 600_000);
      closesAtMs = opensAtMs + between(random, 30_000, 300_000);
    }
    return Math.max(atMs, opensAtMs);
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);
