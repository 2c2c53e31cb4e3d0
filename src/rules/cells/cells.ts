import type { Json } from '../../contract/json.ts';
import type { CellOutcome } from '../../contract/results.ts';
import type { CellStatus, Column, TableRef } from '../../contract/table.ts';
import type { ColumnConditions } from '../answers/conditions.ts';

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
  /** True if it is not known whether the conditions of a cell hold. Left out: it is. */
  undecided?: true;
}

/** Conditions of the columns, with the values of one row. */
export interface RowConditions {
  conditions: ColumnConditions;
  /** Returns the answer of a column that is done. */
  answer(column: string): Json;
  /** Returns a field of the row that the table does not compute. */
  field(name: string): Json;
}

/** Classifies each computed cell of one row; `cells` may lack columns without a value. */
export function classifyCells(
  columns: readonly Column[],
  cells: Readonly<Record<string, CellReading>>,
  row: RowConditions | null = null,
): Map<string, CellVerdict> {
  const verdicts = new Map<string, CellVerdict>();
  for (const column of inOrder(columns, row?.conditions ?? null)) {
    const cell = cells[column.key];
    const unasked = row === null ? null : judgeConditions(column, cell, verdicts, row);
    verdicts.set(column.key, unasked ?? classifyCell(cell, column.dependsOn, verdicts));
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
const orderedByConditions = new WeakMap<ColumnConditions, typeof ordered>();

/**
 * Sorts the computed columns behind those that they depend on, and those that their conditions name,
 * once per table. In a circle (rejected in pipeline files) the last one comes first.
 */
function inOrder(
  columns: readonly Column[],
  conditions: ColumnConditions | null,
): readonly Column[] {
  const cache = cacheOf(conditions);
  const known = cache.get(columns);
  if (known !== undefined) return known;
  const byKey = new Map(
    columns.filter(({ input }) => !input).map((column) => [column.key, column]),
  );
  const order: Column[] = [];
  const seen = new Set<Column>();
  const visit = (column: Column | undefined): void => {
    if (column === undefined || seen.has(column)) return;
    seen.add(column);
    const upstream = [...column.dependsOn, ...(conditions?.namesOf(column.key) ?? [])];
    for (const key of upstream) visit(byKey.get(key));
    order.push(column);
  };
  for (const column of byKey.values()) visit(column);
  cache.set(columns, order);
  return order;
}

function cacheOf(conditions: ColumnConditions | null): typeof ordered {
  if (conditions === null) return ordered;
  const known = orderedByConditions.get(conditions) ?? new WeakMap();
  orderedByConditions.set(conditions, known);
  return known;
}

/**
 * Decides whether a cell that has not begun is asked for at all; `null`: as far as its conditions go,
 * it is. One condition that does not hold is enough, whatever else is not known yet.
 */
function judgeConditions(
  { key, dependsOn }: Column,
  cell: CellReading | undefined,
  verdicts: ReadonlyMap<string, CellVerdict>,
  row: RowConditions,
): CellVerdict | null {
  const { status = 'pending' } = cell ?? {};
  if (status !== 'pending' && status !== 'failed') return null;
  const upstream = dependsOn.map((name) => verdicts.get(name));
  // The answer that the provider needs will not come.
  if (upstream.some((verdict) => verdict?.outcome === 'skipped')) return SKIPPED;
  let blockedBy: string | null = null;
  let waitsFor: string | null = null;
  for (const name of row.conditions.namesOf(key)) {
    const verdict = verdicts.get(name);
    if (verdict?.outcome === 'failed' || verdict?.outcome === 'blocked') {
      blockedBy ??= verdict.blockedBy ?? name;
    } else if (verdict?.outcome === 'pending') {
      waitsFor ??= verdict.waitsFor ?? name;
    } else if (!row.conditions.holds(key, name, valueOf(name, verdict, row))) {
      return SKIPPED;
    }
  }
  if (status === 'failed') return null;
  if (blockedBy !== null) return { ...STILL, outcome: 'blocked', blockedBy, undecided: true };
  const undecided = dependsOn.find((name) => {
    const verdict = verdicts.get(name);
    return verdict?.outcome === 'pending' && verdict.undecided === true;
  });
  waitsFor ??= undecided ?? null;
  return waitsFor === null ? null : { ...STILL, outcome: 'pending', waitsFor, undecided: true };
}

/** Returns the value that a condition is about: of a column that has ended, or a field of the row. */
function valueOf(name: string, verdict: CellVerdict | undefined, row: RowConditions): Json {
  if (verdict === undefined) return row.field(name);
  return verdict.outcome === 'done' ? row.answer(name) : null;
}

type Ended = 'done' | 'empty' | 'failed';

const STILL = { blockedBy: null, inFlight: false, startable: false, waitsFor: null } as const;

/** Verdict on a cell that is not asked for. */
export const SKIPPED: CellVerdict = { outcome: 'skipped', ...STILL };

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
