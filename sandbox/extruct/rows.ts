import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../json.ts';
import { newRow } from '../engine/new-table.ts';
import { freezeCell, outdate, readersOf, resetCells } from '../engine/outdated.ts';
import { invalid, notFound } from '../http/problem.ts';
import { refuseWithoutCredits, runRows } from '../engine/runs.ts';
import type { Table } from '../engine/table.ts';
import { tableOf, wallMs, type SandboxState } from '../engine/state.ts';

export interface RowRequest {
  id?: string | null | undefined;
  data: JsonObject;
  metadata?: JsonObject | null | undefined;
}

export interface RowsRequest {
  tableId: string;
  rows: RowRequest[];
  run: boolean;
}

export interface RowsDone {
  table: Table;
  slots: number[];
}

/** Appends the rows, in order. @throws Problem 402, 404, 422 */
export const createRows = (state: SandboxState, { tableId, rows, run }: RowsRequest): RowsDone =>
  writeRows(state, { tableId, run, rows: rows.map(({ data, metadata }) => ({ data, metadata })) });

/** Changes the rows with an id and appends those without. @throws Problem 402, 404, 422 */
export function writeRows(state: SandboxState, { tableId, rows, run }: RowsRequest): RowsDone {
  const table = tableOf(state, tableId);
  const known = rows.map((row, at) => {
    checkKeys(table, row, at);
    const slot = row.id == null ? null : table.slotOf(row.id);
    if (row.id != null && slot === null) {
      throw invalid(['body', 'rows', at, 'id'], 'Row does not exist in this table');
    }
    return slot;
  });
  if (run) refuseWithoutCredits(state, table.computed);
  const slots = rows.map(({ data, metadata }, at) => {
    const slot = known[at] ?? null;
    if (slot === null) return newRow(state, table, data, metadata ?? null);
    changeRow(state, table, slot, data);
    const replaced = state.extruct.rowChanges === 'replaced';
    if (metadata !== undefined || replaced) table.metadata[slot] = metadata ?? null;
    table.updatedAtMs = wallMs(state);
    return slot;
  });
  if (run) runRows(state, table, slots);
  const made = known.filter((slot) => slot === null).length;
  state.ledger.note(() => ({
    event: 'rows written',
    table: table.id,
    created: made,
    rows: rows.length,
  }));
  return { table, slots };
}

/** Answers the ids deleted. @throws Problem 404 */
export function deleteRows(
  state: SandboxState,
  request: { tableId: string; rows: string[] },
): string[] {
  const table = tableOf(state, request.tableId);
  const slots = request.rows.map((id) => table.slotOf(id));
  if (slots.includes(null)) throw notFound('Row');
  const gone = new Set(slots.filter((slot) => slot !== null));
  table.removeRows(gone);
  table.account.rowsDeleted += gone.size;
  table.updatedAtMs = wallMs(state);
  state.ledger.note(() => ({ event: 'rows deleted', table: table.id, rows: gone.size }));
  return [...gone].map((slot) => table.rowIds.id(slot));
}

function checkKeys(table: Table, { data }: RowRequest, at: number): void {
  for (const key of Object.keys(data)) {
    const config = table.configs.get(key);
    const loc = ['body', 'rows', at, 'data', key];
    if (config === undefined) throw invalid(loc, `Table has no column '${key}'`);
    if (config.kind !== 'input') throw invalid(loc, `Column '${key}' is not an input column`);
  }
}

/** Fields that are not sent stay; cells that read a changed one keep their answer, or are reset. */
function changeRow(state: SandboxState, table: Table, slot: number, data: JsonObject): void {
  const before = table.data[slot] ?? {};
  const after = state.extruct.rowChanges === 'replaced' ? data : { ...before, ...data };
  const keys = Object.keys({ ...before, ...after }).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
  if (keys.length === 0) return;
  const readers = readersOf(table, new Set(keys));
  for (const column of readers) freezeCell(state, table, column, slot);
  outdate(readers, [slot]);
  table.data[slot] = after;
  table.rowChangedAtMs.set(slot, wallMs(state));
  if (state.extruct.outdatedCells === 'reset') resetCells(state, table, readers, [slot]);
}
