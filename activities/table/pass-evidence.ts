import type { TableRef } from '../../src/contract/table.ts';
import type { Page, Provider, RunScope } from '../../src/providers/provider.ts';
import { reasonToAsk } from '../../src/rules/cell-set.ts';
import type { Folder } from '../../src/store/store.ts';
import { openCells, openCellsFile, type OpenCell } from '../run-files/open-cells.ts';
import { CellStates } from './cell-states.ts';
import type { PassScope } from './decide-cells.ts';
import { PageReader } from './page-reader.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';

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
  requested: CellStates,
  attempt: ActivityAttempt<D>,
): Promise<boolean> {
  if (requested.size === 0) return false;
  const pages = new PageReader(provider, table, attempt, { skips: true });
  let cursor: string | null = null;
  do {
    const at: string | null = cursor;
    const page: Page = await pages.read(at);
    for (const { id, cells } of page.rows) {
      for (const [column, { status, updatedAt }] of Object.entries(cells)) {
        if (!requested.has(id, column)) continue;
        if (!requested.hasStatus(id, column, status)) return true;
        if (status === 'failed' && !requested.hasTime(id, column, updatedAt)) return true;
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
  { kind, mode, scan, table }: Pick<PassScope, 'kind' | 'mode' | 'scan' | 'table'>,
  folder: Folder,
  scope: RunScope,
): Promise<CellStates | null> {
  if (scan === null) return null;
  const requested = statesFor(table);
  const isNamed = namedIn(scope, table);
  for await (const cell of openCells(folder, openCellsFile(scan))) {
    const { rowId, column, status } = cell;
    if (reasonToAsk(kind, cell) === null || !isNamed(rowId, column)) continue;
    if (mode === 'failed') requested.set(rowId, column, { status: 'failed', ...timeOf(cell) });
    else if (status === 'pending' && !cell.inFlight) requested.set(rowId, column, { status });
  }
  return requested;
}

const timeOf = ({ failedAt }: OpenCell): { at?: string } =>
  failedAt === undefined ? {} : { at: failedAt };

/** Returns the cells that a request names, as of a table that was never scanned: none has begun. */
export function cellsNamed({ rowIds = [], columnIds }: RunScope, table: TableRef): CellStates {
  const cells = statesFor(table);
  for (const { id, key } of table.columns) {
    if (!columnIds.includes(id)) continue;
    for (const rowId of rowIds) cells.set(rowId, key, { status: 'pending' });
  }
  return cells;
}

const statesFor = ({ columns }: TableRef): CellStates =>
  new CellStates(columns.map(({ key }) => key));

/** Checks whether a request names a cell; without rows it names those of every row and column. */
function namedIn({ rowIds, columnIds }: RunScope, { columns }: TableRef) {
  if (rowIds === undefined) return () => true;
  const rows = new Set(rowIds);
  const keys = new Set(columns.filter(({ id }) => columnIds.includes(id)).map(({ key }) => key));
  return (rowId: string, column: string): boolean => rows.has(rowId) && keys.has(column);
}
