import type { ResultRow } from '../../src/contract/results.ts';
import type { TableRef } from '../../src/contract/table.ts';
import type { Page, Provider, RunScope } from '../../src/providers/provider.ts';
import type { PassKind } from '../../src/rules/passes.ts';
import type { Folder } from '../../src/store/store.ts';
import { RUN_FILE } from '../../src/contract/names.ts';
import { isRequestedBy, openCells, openCellsFile } from '../run-files/open-cells.ts';
import { PageReader } from './page-reader.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';

/** State of the requested cells at the last scan, by row and column. */
export type RequestedCells = ReadonlyMap<
  string,
  { status: 'failed' | 'pending'; updatedAt: string }
>;

const nameOf = (rowId: string, column: string): string => `${rowId}\n${column}`;

/**
 * Checks whether a pass over these cells was carried out since the last scan: one of them has
 * another status, or failed at another time. The table's status is not sufficient: it may lag,
 * other cells may change or stall, and a rerun whose cells all fail again leaves its counts
 * unchanged. Stops at the first changed cell. Cells without times show a rerun only until they fail
 * again.
 */
export async function passHasStarted<D>(
  provider: Provider,
  table: TableRef,
  requested: RequestedCells,
  attempt: ActivityAttempt<D>,
): Promise<boolean> {
  if (requested.size === 0) return false;
  const pages = new PageReader(provider, table, attempt, { skips: true });
  let cursor: string | null = null;
  do {
    const at: string | null = cursor;
    const page: Page = await pages.read(at);
    for (const { id, cells } of page.rows) {
      for (const [column, { status, updatedAt = '' }] of Object.entries(cells)) {
        const seen = requested.get(nameOf(id, column));
        if (seen === undefined) continue;
        if (status !== seen.status) return true;
        if (status === 'failed' && updatedAt !== seen.updatedAt) return true;
      }
    }
    cursor = page.next;
  } while (cursor !== null);
  return false;
}

/** Cells that the last scan found failed; with its number only those that were never run again. */
export async function failedCells(
  folder: Folder,
  openCellsOfScan: number | null,
): Promise<RequestedCells> {
  const requested = new Map<string, { status: 'failed'; updatedAt: string }>();
  if (!(await folder.exists(RUN_FILE.results))) return requested;
  const named = openCellsOfScan === null ? null : await namesRequested(folder, openCellsOfScan);
  for await (const line of folder.lines(RUN_FILE.results)) {
    if (!line.includes('"status":"failed"')) continue;
    // Written by collectResults in this shape.
    const { rowId, cells } = JSON.parse(line) as ResultRow;
    for (const [column, { status, updatedAt = '' }] of Object.entries(cells)) {
      const name = nameOf(rowId, column);
      if (status === 'failed' && named?.has(name) !== false)
        requested.set(name, { status, updatedAt });
    }
  }
  return requested;
}

async function namesRequested(folder: Folder, scan: number): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const cell of openCells(folder, openCellsFile(scan))) {
    if (isRequestedBy('newly-failed', cell)) names.add(nameOf(cell.rowId, cell.column));
  }
  return names;
}

/** Cells that the scan of this number found not begun: those that a pass of `kind` asks for, or all. */
export async function pendingCells(
  folder: Folder,
  scan: number,
  kind: PassKind | null,
): Promise<RequestedCells> {
  const requested = new Map<string, { status: 'pending'; updatedAt: string }>();
  for await (const cell of openCells(folder, openCellsFile(scan))) {
    const notBegun = cell.status === 'pending' && !cell.inFlight;
    if (!notBegun || (kind !== null && !isRequestedBy(kind, cell))) continue;
    requested.set(nameOf(cell.rowId, cell.column), { status: 'pending', updatedAt: '' });
  }
  return requested;
}

/** Selects the cells that a request names; without a scan so far, all of them. */
export function cellsIn(
  { rowIds, columnIds }: RunScope,
  { columns }: TableRef,
  known: RequestedCells | null,
): RequestedCells {
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
