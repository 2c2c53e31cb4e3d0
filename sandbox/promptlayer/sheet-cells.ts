import { CREATED, DONE, FAILED } from '../engine/cells.ts';
import { IdSeries } from '../engine/ids.ts';
import { freezeCell, outdate, readersOf, resetCells } from '../engine/outdated.ts';
import { execute, planOf, refuseWithoutCredits } from '../engine/runs.ts';
import { iso, wallMs, type SandboxState } from '../engine/state.ts';
import { MAX_COLUMNS } from '../engine/table.ts';
import type { Json } from '../json.ts';
import { gone, refused, sheetOf } from './find.ts';
import { keepOperation } from './operations.ts';
import { slotAt, type Operation, type Sheet, type SheetColumn } from './state.ts';

const seriesOf = ({ nonce }: SandboxState, { table }: Sheet): IdSeries =>
  new IdSeries(nonce, 'cell', table.serial);

export const cellIdOf = (
  state: SandboxState,
  sheet: Sheet,
  { column }: SheetColumn,
  slot: number,
): string => seriesOf(state, sheet).id(slot * MAX_COLUMNS + column.serial);

export interface CellPlace {
  column: SheetColumn;
  slot: number;
}

/** Returns the place of a cell. @throws Problem 404 */
export function cellIn(state: SandboxState, sheet: Sheet, cellId: string): CellPlace {
  const serial = seriesOf(state, sheet).serial(cellId) ?? -1;
  const slot = Math.floor(serial / MAX_COLUMNS);
  const column = sheet.columns.find((one) => one.column.serial === serial % MAX_COLUMNS);
  if (serial < 0 || column === undefined || (sheet.table.data[slot] ?? null) === null) {
    throw gone('Cell');
  }
  return { column, slot };
}

export interface CellChange {
  bookId: string;
  sheetId: string;
  cellId: string;
  /** Left out: the text is shown as the value. */
  value: Json;
}

/**
 * Replaces the value of a text cell. Cells that read it become stale, also if the value is the same.
 * @throws Problem 400, 404
 */
export function updateCell(
  state: SandboxState,
  { bookId, sheetId, cellId, value }: CellChange,
): { sheet: Sheet; place: CellPlace; stale: number } {
  const sheet = sheetOf(state, bookId, sheetId);
  const place = cellIn(state, sheet, cellId);
  const { column, slot } = place;
  if (column.type !== 'TEXT') throw refused('Only text cells can be edited');
  const { table } = sheet;
  const { key } = column.column.config;
  const before = table.data[slot] ?? {};
  const readers = readersOf(table, new Set([key]));
  for (const one of readers) freezeCell(state, table, one, slot);
  if (before[key] !== value) outdate(readers, [slot]);
  // The leftmost text column is the name of the row as well.
  const isName = sheet.columns.find(({ type }) => type === 'TEXT') === column;
  table.data[slot] = { ...before, ...(isName ? { input: value } : {}), [key]: value };
  table.rowChangedAtMs.set(slot, wallMs(state));
  const stale = resetCells(state, table, readers, [slot]);
  sheet.edits += 1;
  return { sheet, place, stale };
}

export interface CellsRequest {
  bookId: string;
  sheetId: string;
  cellIds: string[] | null;
  columnIds: string[] | null;
  /** Indices. */
  rows: number[] | null;
}

const NOT_UNDER_WAY: ReadonlySet<number> = new Set([CREATED, DONE, FAILED]);

/**
 * Queues cells whatever their status. `selected` counts those that were named, cells in progress
 * included. @throws Problem 400, 402, 404
 */
export function recalculateCells(
  state: SandboxState,
  request: CellsRequest,
): { sheet: Sheet; selected: number; operation: Operation | null } {
  const sheet = sheetOf(state, request.bookId, request.sheetId);
  const { table } = sheet;
  const named = placesOf(state, sheet, request);
  const wanted = new Map<number, Set<SheetColumn['column']>>();
  for (const { column, slot } of named) {
    if (!column.column.computed) throw refused('Text cells cannot be recalculated');
    wanted.set(slot, (wanted.get(slot) ?? new Set()).add(column.column));
  }
  const plan = [...wanted].flatMap(([slot, columns]) =>
    planOf(table, NOT_UNDER_WAY, [slot], [...columns]),
  );
  if (plan.length === 0) return { sheet, selected: named.length, operation: null };
  refuseWithoutCredits(state, [...new Set(plan.map(({ column }) => column))]);
  execute(state, table, plan);
  sheet.edits += 1;
  const operation = keepOperation(state, sheet, plan);
  state.ledger.ran(table.account, {
    id: operation.id,
    tableId: table.id,
    mode: 'cells',
    at: iso(wallMs(state)),
    requestedCells: plan.length,
    rows: wanted.size,
    columns: new Set(plan.map(({ column }) => column)).size,
  });
  return { sheet, selected: named.length, operation };
}

/** The named cells, or those of the named columns and rows. */
function placesOf(state: SandboxState, sheet: Sheet, request: CellsRequest): CellPlace[] {
  const { cellIds, columnIds, rows } = request;
  if (cellIds !== null) return [...new Set(cellIds)].map((id) => cellIn(state, sheet, id));
  if (columnIds === null && rows === null) throw refused('No cells selected');
  const columns = sheet.columns.filter(({ column }) =>
    columnIds === null ? column.computed : columnIds.includes(column.id),
  );
  const slots =
    rows === null
      ? sheet.table.live
      : rows.map((index) => {
          const slot = slotAt(state.promptLayer, sheet, index);
          if (slot === undefined) throw refused('Row index out of range');
          return slot;
        });
  return slots.flatMap((slot) => columns.map((column) => ({ column, slot })));
}
