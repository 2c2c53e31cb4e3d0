import type { TableProgress } from '../../src/contract/table.ts';
import { between, randomOf } from './random.ts';
import { cellMsOf, type RunShape } from './shape.ts';
import { TimeHeap } from './time-heap.ts';

/** How a pass goes in time, known beforehand; what a reading shows at any moment. */
export interface Course {
  shape: RunShape;
  /** When the last cell ended: idle from here on. */
  idleAtMs: number;
  requestedCells: number;
  doneAtStart: number;
  at(ms: number): TableProgress;
}

const SYSTEM_COLUMNS = 3;

/** Lets the pass happen: each cell starts when the one before it on its row is done and a place is free. */
export function courseOf(shape: RunShape): Course {
  const random = randomOf(shape.seed * 40_503 + 7);
  const system = shape.systemColumns ? SYSTEM_COLUMNS : 0;
  const perRow = system + shape.columns;
  const requestedCells = shape.rows * perRow;
  const startedAt: number[] = [];
  const doneAt: number[] = [];
  /** Failed, or let go because something before it failed: no longer in progress, and not done. */
  const lostAt: number[] = [];
  /** Two lanes: system cells have places of their own. */
  const waiting: number[][] = [[], []];
  const heads = [0, 0];
  const running = [0, 0];
  const ends = new TimeHeap();
  let nowMs = 0;

  const laneOf = (cell: number): number => (cell % perRow < system ? 0 : 1);
  const enqueue = (cell: number): void => void waiting[laneOf(cell)]?.push(cell);
  const pump = (lane: number): void => {
    const queue = waiting[lane] ?? [];
    while ((running[lane] ?? 0) < shape.concurrency) {
      const cell = queue[heads[lane] ?? 0];
      if (cell === undefined) return;
      heads[lane] = (heads[lane] ?? 0) + 1;
      running[lane] = (running[lane] ?? 0) + 1;
      startedAt.push(nowMs);
      const ms = lane === 0 ? between(random, 200, 6_000) : cellMsOf(shape, random);
      ends.push(nowMs + ms, cell);
    }
  };
  /** What waits for this cell, on the same row. */
  const next = (column: number): number[] => {
    if (column < system - 1) return [column + 1];
    if (column === system - 1) return shape.chained ? [system] : range(system, perRow);
    return shape.chained && column + 1 < perRow ? [column + 1] : [];
  };
  const behind = (column: number): number =>
    next(column).reduce((sum, n) => sum + 1 + behind(n), 0);

  const first = system > 0 || shape.chained ? [0] : range(0, perRow);
  for (let row = 0; row < shape.rows; row += 1) {
    for (const column of first) enqueue(row * perRow + column);
  }
  pump(0);
  pump(1);
  for (;;) {
    const end = ends.pop();
    if (end === null) break;
    nowMs = end.atMs;
    const lane = laneOf(end.cell);
    running[lane] = (running[lane] ?? 0) - 1;
    const column = end.cell % perRow;
    if (lane === 1 && random() < shape.failRate) {
      for (let lost = 1 + behind(column); lost > 0; lost -= 1) lostAt.push(nowMs);
    } else {
      doneAt.push(nowMs);
      for (const to of next(column)) enqueue(end.cell - column + to);
    }
    pump(0);
    pump(1);
  }

  /** Failed cells alone leave `in progress` when `requested` is not counted. */
  const failedAt = shape.countRequested ? lostAt : lostAt.filter((_, at) => isFailure(lostAt, at));
  return {
    shape,
    idleAtMs: nowMs,
    requestedCells,
    doneAtStart: shape.doneBefore,
    at: (ms) => {
      const lagging = ms < shape.statusLagMs;
      const done = countUpTo(doneAt, ms);
      const asked = requestedCells - done - countUpTo(lostAt, ms);
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

/** Of losses at one moment the first is the failed cell, the others are those behind it. */
const isFailure = (lostAt: readonly number[], at: number): boolean =>
  at === 0 || lostAt[at - 1] !== lostAt[at];

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

/** Of ascending times. */
function countUpTo(times: readonly number[], ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
