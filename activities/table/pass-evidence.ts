import { RUN_FILE } from '../../src/contract/names.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import type { CellStatus, RunMode, TableRef } from '../../src/contract/table.ts';
import type { Page, Provider, RunScope } from '../../src/providers/provider.ts';
import type { Folder } from '../../src/store/store.ts';
import { cellSetLines } from '../run-files/cell-set-file.ts';
import { openCellsFile, openRows, type OpenCell } from '../run-files/open-cells.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';
import { CellStates } from './cell-states.ts';
import type { PassScope } from './choose-cells.ts';
import { PageReader } from './page-reader.ts';

/** States with a time by which a later one of the same kind is known. */
const ENDED: readonly CellStatus[] = ['failed', 'done'];

/**
 * Checks whether a pass over these cells was carried out since the last scan: one of them has another
 * status, or failed at another time. The table's status is not sufficient. It may lag, and other cells
 * may change or stall. A rerun whose cells all fail again leaves its counts unchanged.
 *
 * Stops at the first changed cell. Cells without times show a rerun only until they fail again.
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
        if (ENDED.includes(status) && !requested.hasTime(id, column, updatedAt)) return true;
      }
    }
    cursor = page.next;
  } while (cursor !== null);
  return false;
}

/** State of the cells of a request before it was sent. */
export interface CellsBefore {
  /** Cells whose change shows that the request was carried out. */
  cells: CellStates;
  /** True if an answer that replaces another one would show by its time. */
  showsNewAnswers: boolean;
}

/**
 * Reads the state of the requested cells at the last scan, as far as a change of it shows that the
 * pass has started. `null`: the table was never scanned.
 */
export async function cellsBefore(
  { pass, scan, table }: Pick<PassScope, 'pass' | 'scan' | 'table'>,
  folder: Folder,
  scope: RunScope,
): Promise<CellsBefore | null> {
  if (scan === null) return null;
  const cells = statesFor(table);
  const isNamed = namedIn(scope, table);
  const answered = new Set<string>();
  for await (const cell of cellsOfSet(folder, { pass, scan, mode: scope.mode })) {
    const { rowId, column, status } = cell;
    if (!isNamed(rowId, column)) continue;
    if (status === 'failed') cells.set(rowId, column, { status, ...timeOf(cell) });
    else if (status === 'pending' && !cell.inFlight) cells.set(rowId, column, { status });
    else if (status === 'done' || status === 'empty') {
      // Providers call both done.
      cells.set(rowId, column, { status: 'done' });
      answered.add(rowId);
    }
  }
  return { cells, showsNewAnswers: await addTimes(cells, answered, folder) };
}

const timeOf = ({ failedAt }: OpenCell): { at?: string } =>
  failedAt === undefined ? {} : { at: failedAt };

/**
 * Reads the open cells of the scan that the cell set has in one mode. Both files have the order of the
 * snapshot.
 */
async function* cellsOfSet(
  folder: Folder,
  { pass, scan, mode }: { pass: number; scan: number; mode: RunMode },
): AsyncGenerator<OpenCell> {
  const rows = openRows(folder, openCellsFile(scan));
  try {
    for await (const line of cellSetLines(folder, pass)) {
      if (!('rowId' in line)) continue;
      const groups = line.groups.filter((group) => group.mode === mode);
      const asked = new Set(groups.flatMap(({ columns }) => columns));
      for (let next = await rows.next(); next.done !== true; next = await rows.next()) {
        if (next.value.key !== line.key) continue;
        for (const cell of next.value.cells) if (asked.has(cell.column)) yield cell;
        break;
      }
    }
  } finally {
    await rows.return(undefined);
  }
}

/** Adds the times of the answers of these rows; `false` if one has none. */
async function addTimes(
  cells: CellStates,
  rowIds: ReadonlySet<string>,
  folder: Folder,
): Promise<boolean> {
  if (rowIds.size === 0) return true;
  let haveTimes = true;
  for await (const line of folder.lines(RUN_FILE.results)) {
    // Written by collectResults in this shape.
    const row = JSON.parse(line) as ResultRow;
    if (!rowIds.has(row.rowId)) continue;
    for (const [column, { updatedAt: at }] of Object.entries(row.cells)) {
      if (!cells.hasStatus(row.rowId, column, 'done')) continue;
      if (at === undefined) haveTimes = false;
      else cells.set(row.rowId, column, { status: 'done', at });
    }
  }
  return haveTimes;
}

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
