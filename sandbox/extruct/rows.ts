import { DONE } from '../cells.ts';
import type { JsonObject } from '../json.ts';
import { newRow } from '../new-table.ts';
import { invalid, notFound } from '../problem.ts';
import { refuseWithoutCredits, runRows } from '../runs.ts';
import type { Column, Table } from '../table.ts';
import { valueOf } from '../truth.ts';
import { tableOf, wallMs, type World } from '../world.ts';

export interface RowWish {
  id?: string | null | undefined;
  data: JsonObject;
  metadata?: JsonObject | null | undefined;
}

export interface RowsWish {
  tableId: string;
  rows: RowWish[];
  run: boolean;
}

export interface RowsDone {
  table: Table;
  slots: number[];
}

/** Appends the rows, in order. @throws Problem 402, 404, 422 */
export const createRows = (world: World, { tableId, rows, run }: RowsWish): RowsDone =>
  writeRows(world, { tableId, run, rows: rows.map(({ data, metadata }) => ({ data, metadata })) });

/** Changes the rows with an id and appends those without. @throws Problem 402, 404, 422 */
export function writeRows(world: World, { tableId, rows, run }: RowsWish): RowsDone {
  const table = tableOf(world, tableId);
  const known = rows.map((row, at) => {
    checkKeys(table, row, at);
    const slot = row.id == null ? null : table.slotOf(row.id);
    if (row.id != null && slot === null) {
      throw invalid(['body', 'rows', at, 'id'], 'Row does not exist in this table');
    }
    return slot;
  });
  if (run) refuseWithoutCredits(world, table.computed);
  const slots = rows.map(({ data, metadata }, at) => {
    const slot = known[at] ?? null;
    if (slot === null) return newRow(world, table, data, metadata ?? null);
    freezeRow(world, table, slot);
    table.data[slot] = { ...table.data[slot], ...data };
    if (metadata !== undefined) table.metadata[slot] = metadata;
    table.updatedAtMs = wallMs(world);
    return slot;
  });
  if (run) runRows(world, table, slots);
  const made = known.filter((slot) => slot === null).length;
  world.ledger.note(() => ({
    event: 'rows written',
    table: table.id,
    created: made,
    rows: rows.length,
  }));
  return { table, slots };
}

/** Answers the ids deleted. @throws Problem 404 */
export function deleteRows(world: World, wish: { tableId: string; rows: string[] }): string[] {
  const table = tableOf(world, wish.tableId);
  const slots = wish.rows.map((id) => table.slotOf(id));
  if (slots.includes(null)) throw notFound('Row');
  const gone = new Set(slots.filter((slot) => slot !== null));
  table.removeRows(gone);
  table.account.rowsDeleted += gone.size;
  table.updatedAtMs = wallMs(world);
  world.ledger.note(() => ({ event: 'rows deleted', table: table.id, rows: gone.size }));
  return [...gone].map((slot) => table.rowIds.id(slot));
}

function checkKeys(table: Table, { data }: RowWish, at: number): void {
  for (const key of Object.keys(data)) {
    const config = table.configs.get(key);
    const loc = ['body', 'rows', at, 'data', key];
    if (config === undefined) throw invalid(loc, `Table has no column '${key}'`);
    if (config.kind !== 'input') throw invalid(loc, `Column '${key}' is not an input column`);
  }
}

/** Values follow from row and config: before those change, what is done is written down. */
export function freezeCell(world: World, table: Table, column: Column, slot: number): void {
  const data = table.data[slot];
  const { cells, config } = column;
  if (data === undefined || data === null || cells.statusAt(slot) !== DONE) return;
  if (cells.frozen.has(slot)) return;
  const setting = { kind: table.kind, data, columns: table.configs };
  cells.frozen.set(slot, valueOf(world.oracle, setting, config));
}

function freezeRow(world: World, table: Table, slot: number): void {
  for (const column of table.computed) freezeCell(world, table, column, slot);
}
