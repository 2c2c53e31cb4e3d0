import type { ResultRow } from '../src/contract/results.ts';
import type { TableRef } from '../src/contract/table.ts';
import type { Page, Provider, RunScope } from '../src/providers/provider.ts';
import type { PassKind } from '../src/rules/passes.ts';
import type { Folder } from '../src/store/store.ts';
import { RESULTS_FILE } from './merge-parts.ts';
import { isAskedFor, openCells, openCellsFile } from './open-cells.ts';
import { PageReader } from './page-reader.ts';
import type { Step } from './step.ts';

/** How the cells that a pass asks for stood at the last sweep, by row and column. */
export type AskedCells = ReadonlyMap<string, { status: 'failed' | 'pending'; updatedAt: string }>;

const nameOf = (rowId: string, column: string): string => `${rowId}\n${column}`;

/**
 * Whether a pass over these cells has been carried out since the last sweep: one of them has another
 * status, or has failed at another time. The status of the table cannot tell: it may lag, other cells
 * may move or hang, and a rerun whose cells all fail again is over without a trace in the counts. Stops
 * at the first such cell; cells without times show a rerun only until they have failed again.
 */
export async function passLeftTraces<D>(
  provider: Provider,
  table: TableRef,
  asked: AskedCells,
  step: Step<D>,
): Promise<boolean> {
  if (asked.size === 0) return false;
  const pages = new PageReader(provider, table, step, { skips: true });
  let cursor: string | null = null;
  do {
    const at: string | null = cursor;
    const page: Page = await pages.read(at);
    for (const { id, cells } of page.rows) {
      for (const [column, { status, updatedAt = '' }] of Object.entries(cells)) {
        const seen = asked.get(nameOf(id, column));
        if (seen === undefined) continue;
        if (status !== seen.status) return true;
        if (status === 'failed' && updatedAt !== seen.updatedAt) return true;
      }
    }
    cursor = page.next;
  } while (cursor !== null);
  return false;
}

/** Cells that the last sweep found failed; with its number only those that were never run again. */
export async function failedCells(folder: Folder, openOfSweep: number | null): Promise<AskedCells> {
  const asked = new Map<string, { status: 'failed'; updatedAt: string }>();
  if (!(await folder.exists(RESULTS_FILE))) return asked;
  const named = openOfSweep === null ? null : await namesAskedFor(folder, openOfSweep);
  for await (const line of folder.lines(RESULTS_FILE)) {
    if (!line.includes('"status":"failed"')) continue;
    // Written by collectResults in this shape.
    const { rowId, cells } = JSON.parse(line) as ResultRow;
    for (const [column, { status, updatedAt = '' }] of Object.entries(cells)) {
      const name = nameOf(rowId, column);
      if (status === 'failed' && named?.has(name) !== false) asked.set(name, { status, updatedAt });
    }
  }
  return asked;
}

async function namesAskedFor(folder: Folder, sweep: number): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const cell of openCells(folder, openCellsFile(sweep))) {
    if (isAskedFor('newly-failed', cell)) names.add(nameOf(cell.rowId, cell.column));
  }
  return names;
}

/** Cells that the sweep of this number found not begun: those that a pass of `kind` asks for, or all. */
export async function pendingCells(
  folder: Folder,
  sweep: number,
  kind: PassKind | null,
): Promise<AskedCells> {
  const asked = new Map<string, { status: 'pending'; updatedAt: string }>();
  for await (const cell of openCells(folder, openCellsFile(sweep))) {
    const notBegun = cell.status === 'pending' && !cell.inFlight;
    if (!notBegun || (kind !== null && !isAskedFor(kind, cell))) continue;
    asked.set(nameOf(cell.rowId, cell.column), { status: 'pending', updatedAt: '' });
  }
  return asked;
}

/** Of these cells those that a request names; of a table without a sweep so far each of them. */
export function cellsIn(
  { rowIds, columnIds }: RunScope,
  { columns }: TableRef,
  known: AskedCells | null,
): AskedCells {
  if (rowIds === undefined) return known ?? new Map();
  const cells = new Map<string, { status: 'failed' | 'pending'; updatedAt: string }>();
  for (const { id, key } of columns) {
    if (!columnIds.includes(id)) continue;
    for (const rowId of rowIds) {
      const name = nameOf(rowId, key);
      const cell = known === null ? NOT_BEGUN : known.get(name);
      if (cell !== undefined) cells.set(name, cell);
    }
  }
  return cells;
}

const NOT_BEGUN = { status: 'pending', updatedAt: '' } as const;
