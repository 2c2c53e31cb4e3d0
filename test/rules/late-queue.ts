import type { CellStatus, Column, TableProgress } from '../../src/contract/table.ts';
import type { CellReading } from '../../src/rules/cells/cells.ts';

export interface Late {
  startLagMs: number;
  gapMs: number;
}

interface Cell {
  column: Column;
  status: CellStatus;
  /** A run asked for it; it is not queued yet. */
  expected: boolean;
  queuedAtMs: number | null;
  endsAtMs: number | null;
  failedAt: string;
  tries: number;
}

/** An API that queues cells late and shows nothing of it: one table, in virtual time. */
export class LateQueue {
  readonly rows: Map<string, Cell>[];
  /** Runs that asked for something. */
  runs = 0;
  readonly #late: Late;
  readonly #fails: (row: number, key: string, tries: number) => boolean;
  readonly #cellMs: number;
  #nowMs = 0;

  constructor(
    columns: readonly Column[],
    rows: number,
    late: Late,
    { cellMs, fails }: { cellMs: number; fails: LateQueue['fails'] },
  ) {
    this.#late = late;
    this.#fails = fails;
    this.#cellMs = cellMs;
    this.rows = Array.from(
      { length: rows },
      () => new Map(columns.map((one) => [one.key, cell(one)])),
    );
  }

  get fails(): (row: number, key: string, tries: number) => boolean {
    return this.#fails;
  }

  /** Asks for cells that are in this state; those on their way are not asked for twice. */
  run(status: CellStatus, wants: (row: number, key: string) => boolean): number {
    let asked = 0;
    for (const [at, row] of this.rows.entries()) {
      for (const one of row.values()) {
        if (one.status !== status || one.expected || !wants(at, one.column.key)) continue;
        const reachable = one.column.dependsOn.every((key) => {
          const upstream = row.get(key);
          return (
            upstream?.expected === true || ['done', 'running'].includes(upstream?.status ?? '')
          );
        });
        if (!reachable) continue;
        one.expected = true;
        asked += 1;
      }
      for (const one of row.values()) this.#queue(row, one, this.#late.startLagMs);
    }
    this.runs += 1;
    return asked;
  }

  advance(toMs: number): void {
    for (;;) {
      const next = Math.min(...this.rows.flatMap((row) => [...row.values()].map(dueOf)));
      if (next > toMs) break;
      this.#nowMs = next;
      for (const [at, row] of this.rows.entries()) {
        for (const one of row.values()) if (dueOf(one) === next) this.#step(at, row, one);
      }
    }
    this.#nowMs = toMs;
  }

  status(): TableProgress {
    const all = this.rows.flatMap((row) => [...row.values()]);
    const count = (status: CellStatus): number => all.filter((one) => one.status === status).length;
    return {
      rows: this.rows.length,
      cellsTotal: all.length,
      cellsFailed: null,
      cellsDone: count('done'),
      cellsInProgress: count('running'),
      running: count('running') > 0,
    };
  }

  readings(row: number): Record<string, CellReading & { failedAt: string }> {
    return Object.fromEntries(
      [...(this.rows[row] ?? [])].map(([key, { status, failedAt }]) => [
        key,
        { status, empty: false, failedAt },
      ]),
    );
  }

  #queue(row: Map<string, Cell>, one: Cell, afterMs: number): void {
    if (!one.expected || one.queuedAtMs !== null) return;
    const ready = one.column.dependsOn.every((key) => row.get(key)?.status === 'done');
    if (ready) one.queuedAtMs = this.#nowMs + afterMs;
  }

  #step(at: number, row: Map<string, Cell>, one: Cell): void {
    if (one.endsAtMs === null) {
      Object.assign(one, { expected: false, queuedAtMs: null, status: 'running' });
      one.endsAtMs = this.#nowMs + this.#cellMs;
      one.tries += 1;
      return;
    }
    one.endsAtMs = null;
    const failed = this.#fails(at, one.column.key, one.tries);
    one.status = failed ? 'failed' : 'done';
    if (failed) one.failedAt = String(this.#nowMs);
    for (const next of row.values()) {
      if (failed && upstreamOf(next, row).has(one.column.key)) {
        Object.assign(next, { expected: false, queuedAtMs: null });
      } else if (!failed) this.#queue(row, next, this.#late.gapMs);
    }
  }
}

const cell = (column: Column): Cell => ({
  column,
  status: 'pending',
  expected: false,
  failedAt: '',
  tries: 0,
  queuedAtMs: null,
  endsAtMs: null,
});

const dueOf = ({ queuedAtMs, endsAtMs }: Cell): number => endsAtMs ?? queuedAtMs ?? Infinity;

function upstreamOf({ column }: Cell, row: Map<string, Cell>): Set<string> {
  const keys = new Set(column.dependsOn);
  for (const key of keys) for (const more of row.get(key)?.column.dependsOn ?? []) keys.add(more);
  return keys;
}
