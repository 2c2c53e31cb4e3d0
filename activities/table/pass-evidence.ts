import type { TableRef } from '../../src/contract/table.ts';
import type { Page, Provider, RunScope } from '../../src/providers/provider.ts';
import { reasonToAsk } from '../../src/rules/cell-set.ts';
import type { Folder } from '../../src/store/store.ts';
import { openCells, openCellsFile } from '../run-files/open-cells.ts';
import type { PassScope } from './decide-cells.ts';
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

/**
 * Reads the state of the requested cells at the last scan, as far as a change of it shows that the
 * pass has started. `null`: the table was never scanned.
 */
export async function cellsBefore(
  { kind, mode, scan }: Pick<PassScope, 'kind' | 'mode' | 'scan'>,
  folder: Folder,
): Promise<RequestedCells | null> {
  if (scan === null) return null;
  const requested = new Map<string, { status: 'failed' | 'pending'; updatedAt: string }>();
  for await (const cell of openCells(folder, openCellsFile(scan))) {
    if (reasonToAsk(kind, cell) === null) continue;
    const name = nameOf(cell.rowId, cell.column);
    if (mode === 'failed') {
      requested.set(name, { status: 'failed', updatedAt: cell.failedAt ?? '' });
    } else if (cell.status === 'pending' && !cell.inFlight) {
      requested.set(name, { status: 'pending', updatedAt: '' });
    }
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
