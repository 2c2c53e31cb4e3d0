import type { CellOutcome } from '../contract/results.ts';
import type { CellStatus, Column, TableRef } from '../contract/table.ts';

/** Provider's state of one cell, as far as its outcome depends on it. */
export interface CellReading {
  status: CellStatus;
  /** The answer is missing though the cell is done. */
  empty: boolean;
}

/** Cells that a run of so many rows is about, those of columns that the provider adds included. */
export const computedCells = ({ columns }: TableRef, rows: number): number =>
  rows * columns.filter(({ input }) => !input).length;

export interface CellVerdict {
  outcome: CellOutcome;
  /** Failed column at the root of a blocked cell. */
  blockedBy: string | null;
  inFlight: boolean;
  startable: boolean;
  /** Upstream column that a pending cell waits for; `null`: none. */
  waitsFor: string | null;
}

/** Classifies each computed cell of one row; `cells` may lack columns without a value. */
export function classifyCells(
  columns: readonly Column[],
  cells: Readonly<Record<string, CellReading>>,
): Map<string, CellVerdict> {
  const verdicts = new Map<string, CellVerdict>();
  for (const column of inOrder(columns)) {
    verdicts.set(column.key, classifyCell(cells[column.key], column.dependsOn, verdicts));
  }
  return verdicts;
}

/** Classifies the cells of the pipeline's own columns. */
export function classifyRow(
  columns: readonly Column[],
  cells: Readonly<Record<string, CellReading>>,
): Map<string, CellVerdict> {
  return oursOf(columns, classifyCells(columns, cells));
}

/** The verdicts on columns that the pipeline asks for. */
export function oursOf(
  columns: readonly Column[],
  verdicts: ReadonlyMap<string, CellVerdict>,
): Map<string, CellVerdict> {
  const ours = new Map<string, CellVerdict>();
  for (const { key, ours: asked } of columns) {
    const verdict = asked ? verdicts.get(key) : undefined;
    if (verdict !== undefined) ours.set(key, verdict);
  }
  return ours;
}

const ordered = new WeakMap<readonly Column[], readonly Column[]>();

/**
 * Sorts the computed columns behind their dependencies, once per table. In a circle (rejected in
 * pipeline files) the last one comes first.
 */
function inOrder(columns: readonly Column[]): readonly Column[] {
  const known = ordered.get(columns);
  if (known !== undefined) return known;
  const byKey = new Map(
    columns.filter(({ input }) => !input).map((column) => [column.key, column]),
  );
  const order: Column[] = [];
  const seen = new Set<Column>();
  const visit = (column: Column | undefined): void => {
    if (column === undefined || seen.has(column)) return;
    seen.add(column);
    for (const key of column.dependsOn) visit(byKey.get(key));
    order.push(column);
  };
  for (const column of byKey.values()) visit(column);
  ordered.set(columns, order);
  return order;
}

type Ended = 'done' | 'empty' | 'failed';

const STILL = { blockedBy: null, inFlight: false, startable: false, waitsFor: null } as const;

/** Shared objects, because most cells of most tables end in these ways. */
const ENDED: Readonly<Record<Ended, CellVerdict>> = {
  done: { outcome: 'done', ...STILL },
  empty: { outcome: 'empty', ...STILL },
  failed: { outcome: 'failed', ...STILL },
};

/** `upstream` keys without a verdict are inputs, which are always there. */
function classifyCell(
  cell: CellReading | undefined,
  upstream: readonly string[],
  verdicts: ReadonlyMap<string, CellVerdict>,
): CellVerdict {
  if (cell?.status === 'done') return ENDED[cell.empty ? 'empty' : 'done'];
  if (cell?.status === 'failed') return ENDED.failed;
  let waitsFor: string | null = null;
  for (const key of upstream) {
    const verdict = verdicts.get(key);
    if (verdict === undefined) continue;
    if (verdict.outcome === 'failed' || verdict.outcome === 'blocked') {
      const blockedBy = verdict.blockedBy ?? key;
      return { ...STILL, outcome: 'blocked', blockedBy };
    }
    if (verdict.outcome === 'pending') waitsFor ??= verdict.waitsFor ?? key;
  }
  const inFlight = cell?.status === 'running' || cell?.status === 'unknown';
  const startable = !inFlight && waitsFor === null;
  return { outcome: 'pending', blockedBy: null, inFlight, startable, waitsFor };
}
