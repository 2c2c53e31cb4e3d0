import type { AskedCells, AskReason, CellsByColumn } from '../../contract/ask-reasons.ts';
import { byName } from '../../contract/by-name.ts';
import type { RunMode } from '../../contract/table.ts';
import type { CellOutcome, ScanResult } from '../../contract/results.ts';
import { isNamed, requestsRerun } from './attempts.ts';
import type { PassKind } from '../passes/passes.ts';

/**
 * The cell set of a pass: the cells (row × column) that it asks for, each with a reason. Passes differ
 * only in which cells are in their set.
 *
 * - `reasonToAsk` decides about a cell that a table scan found without an answer. Cells of a table that
 *   was never scanned are all asked for (`reasonOfNew`).
 * - `cellsToAsk` counts the set of a pass before it is sent, by reason and column. It uses what the
 *   workflow knows: a limit on spend is checked here.
 * - `CellLimits` cuts a set: at most so many cells of a column, in the order of the rows. A cell beyond
 *   its limit is not asked for; a later pass of kind `first` finds it as `new`.
 * - The set lies in the run's folder (`activities/run-files/cell-set-file.ts`), and becomes requests by
 *   `cell-requests.ts`.
 */

/** State of a cell without an answer, as of a table scan. */
export interface OpenCellState {
  status: CellOutcome;
  inFlight: boolean;
  startable: boolean;
  rerun?: boolean;
  waiting?: boolean;
  /** Set where it is not known whether the conditions of the cell hold. */
  undecided?: boolean;
  /** Reason that a night on a lasting table found (`rules/nights`). Left out: none. */
  due?: AskReason;
  /** True if a night asks for it in no pass. */
  left?: boolean;
}

/** Decides why a pass of `kind` asks for an open cell; `null`: it does not. */
export function reasonToAsk(kind: PassKind, cell: OpenCellState): AskReason | null {
  const { rerun = false, waiting = false } = cell;
  if (cell.left === true) return null;
  switch (kind) {
    case 'first':
      return cell.due ?? (cell.status === 'pending' && cell.undecided !== true ? 'new' : null);
    case 'stage':
      return isStaged(cell) ? 'new' : null;
    case 'failed':
    case 'newly-failed':
      return requestsRerun(kind, { status: cell.status, rerun }) ? 'failed' : null;
    case 'follow-up':
    case 'nudge':
      return isNamed(kind, { ...cell, waiting }) ? 'failed' : null;
    case 'wait':
      return null;
  }
}

/** Checks whether the conditions of a cell hold, and no pass has asked for it. */
export const isStaged = ({
  status,
  inFlight,
  waiting = false,
  undecided = false,
}: OpenCellState): boolean => status === 'pending' && !inFlight && !waiting && !undecided;

/**
 * Returns the mode in which a pass asks for an open cell of its set. A cell that has an answer is
 * asked for in mode `all`. A nudge repeats what was asked
 * before: a failed cell that a rerun named, and that never began, is passed over in mode `new`.
 */
export function modeToAsk(kind: PassKind, mode: RunMode, { status, due }: OpenCellState): RunMode {
  if (kind === 'nudge' && status === 'failed') return 'failed';
  if (kind !== 'first' || due === undefined || due === 'new') return mode;
  return due === 'failed' ? 'failed' : 'all';
}

/** Reason for the cells of a table that was never scanned. */
export const reasonOfNew = (mode: RunMode): AskReason => (mode === 'all' ? 'all' : 'new');

/**
 * Checks whether a request of `mode` may compute an open cell that it covers. `new` is documented as
 * the cells without a value, which an API may take for failed and empty ones as well. A cell in
 * flight may have failed by the time of the request. The provider knows no conditions: it computes
 * cells that are skipped, or blocked by a condition alone.
 */
export function mayCompute(
  mode: RunMode,
  { status, inFlight, waiting, undecided }: OpenCellState,
): boolean {
  if (mode === 'all' || status === 'skipped') return true;
  if (mode === 'failed') return status === 'failed' || inFlight || waiting === true;
  return status !== 'blocked' || undecided === true;
}

/** Maximum number of cells to ask for, by column key. Left out: no limit. */
export type CellLimits = Readonly<CellsByColumn>;

/** Counts down the limits of a set while its cells are decided. */
export class LimitedCells {
  readonly #left: Map<string, number>;

  constructor(limits: CellLimits = {}) {
    this.#left = new Map(Object.entries(limits));
  }

  /** `false` for a cell beyond the limit of its column. */
  take(column: string): boolean {
    const left = this.#left.get(column);
    if (left === undefined) return true;
    this.#left.set(column, left - 1);
    return left > 0;
  }
}

/** Kinds of passes whose cells a table scan counts (`ScanResult.asks`). */
export const COUNTED_KINDS = [
  'first',
  'failed',
  'newly-failed',
  'follow-up',
  'stage',
  'nudge',
] as const;

/**
 * Counts the cells that a pass would ask for, before it is sent.
 * @param found The last table scan; `null`: the table was never scanned
 * @param work Columns that the pipeline asks for, rows of the table, and the mode of the pass
 */
export function cellsToAsk(
  kind: PassKind,
  found: ScanResult | null,
  work: { columns: readonly string[]; rows: number; mode: RunMode },
): AskedCells {
  if (kind === 'wait') return {};
  if (found === null) {
    const every = work.columns.map((key) => [key, work.rows] as const);
    return { [reasonOfNew(work.mode)]: byName(every) };
  }
  const cells = found.asks?.[kind];
  return cells === undefined
    ? {}
    : { [NEVER_ASKED_KINDS.includes(kind) ? 'new' : 'failed']: cells };
}

/** Kinds of passes over cells that no pass has asked for. */
export const NEVER_ASKED_KINDS: readonly PassKind[] = ['first', 'stage'];

/** Adds cells to a count. */
export function addAsked(to: AskedCells, reason: AskReason, column: string, cells = 1): void {
  const columns = (to[reason] ??= byName());
  columns[column] = (columns[column] ?? 0) + cells;
}

/** Adds up two counts. */
export function sumAsked(one: AskedCells, other: AskedCells): AskedCells {
  const sum: AskedCells = {};
  for (const asked of [one, other]) {
    for (const [reason, column, cells] of entriesOf(asked)) addAsked(sum, reason, column, cells);
  }
  return sum;
}

/** Counts by column, whatever the reason. */
export function askedByColumn(asked: AskedCells): CellsByColumn {
  const sum = byName<number>();
  for (const [, column, cells] of entriesOf(asked)) sum[column] = (sum[column] ?? 0) + cells;
  return sum;
}

/** Counts by reason, whatever the column. */
export function askedByReason(asked: AskedCells): Partial<Record<AskReason, number>> {
  const sum: Partial<Record<AskReason, number>> = {};
  for (const [reason, , cells] of entriesOf(asked)) sum[reason] = (sum[reason] ?? 0) + cells;
  return sum;
}

function* entriesOf(asked: AskedCells): Generator<[AskReason, string, number]> {
  // `Object.entries` widens the reasons to text.
  for (const [reason, columns] of Object.entries(asked) as [AskReason, CellsByColumn][]) {
    for (const [column, cells] of Object.entries(columns)) yield [reason, column, cells];
  }
}
