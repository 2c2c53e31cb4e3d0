import { checkColumns } from './column-rules.ts';
import { newTable, type TableRequest } from '../engine/new-table.ts';
import { invalid } from '../http/problem.ts';
import { withAutomatic } from '../engine/column-config.ts';
import type { Table } from '../engine/table.ts';
import { iso, tableOf, wallMs, type SandboxState } from '../engine/state.ts';

/** @throws Problem 422 */
export function createTable(state: SandboxState, request: TableRequest): Table {
  checkColumns(request.kind, withAutomatic(request.kind, request.configs), request.configs);
  return newTable(state, request, state.extruct);
}

export interface TableChange {
  tableId: string;
  name?: string | undefined;
  description?: string | null | undefined;
  tags?: string[] | null | undefined;
  columnsOrder?: string[] | null | undefined;
}

/** @throws Problem 404, 422 */
export function changeTable(state: SandboxState, change: TableChange): Table {
  const table = tableOf(state, change.tableId);
  if (change.columnsOrder != null) reorder(table, change.columnsOrder);
  if (change.name !== undefined) table.name = change.name;
  if (change.description !== undefined) table.description = change.description;
  if (change.tags !== undefined) table.tags = change.tags;
  table.account.name = table.name;
  table.account.tags = table.tags ?? [];
  table.updatedAtMs = wallMs(state);
  return table;
}

/** Columns that are not named keep their order behind the others. */
function reorder(table: Table, ids: string[]): void {
  const front = ids.map((id, at) => {
    const column = table.columnOf(id);
    if (column === null) throw invalid(['body', 'columns_order', at], 'Column does not exist');
    return column;
  });
  table.arrange([...new Set([...front, ...table.columns])]);
}

/** The table as it was; its child tables go with it. */
export function deleteTable(state: SandboxState, { tableId }: { tableId: string }): Table {
  const table = tableOf(state, tableId);
  remove(state, table);
  return table;
}

function remove(state: SandboxState, table: Table): void {
  table.removed = true;
  table.account.deletedAt = iso(wallMs(state));
  state.tables.delete(table.id);
  state.ledger.note(() => ({
    event: 'table deleted',
    table: table.id,
    at: table.account.deletedAt,
  }));
  for (const child of table.children) if (!child.removed) remove(state, child);
}

/** @throws Problem 404 */
export function cloneTable(
  state: SandboxState,
  { tableId, schemaOnly }: { tableId: string; schemaOnly: boolean },
): Table {
  return copy(state, tableOf(state, tableId), schemaOnly, null);
}

function copy(state: SandboxState, from: Table, schemaOnly: boolean, parent: Table | null): Table {
  const { description, tags, kind } = from;
  const name = parent === null ? `${from.name} (copy)` : from.name;
  const configs = from.columns.map(({ config }) => config);
  const to = newTable(state, { name, description, tags, kind, configs }, state.extruct, parent);
  if (!schemaOnly) copyRows(from, to);
  for (const child of from.children) if (!child.removed) copy(state, child, schemaOnly, to);
  return to;
}

/** Rows and finished cells; what is in progress in the original is not in progress in the copy. */
function copyRows(from: Table, to: Table): void {
  for (const slot of from.live) {
    const data = from.data[slot];
    if (data === undefined || data === null) continue;
    const atMs = from.rowCreatedAtMs[slot] ?? 0;
    const copied = to.addRow({ ...data }, from.metadata[slot] ?? null, atMs);
    const parentSlot = from.parentSlots.get(slot);
    if (parentSlot !== undefined) to.parentSlots.set(copied, parentSlot);
    for (const { config, cells } of from.columns) {
      const twin = to.columns.find((column) => column.config.key === config.key);
      twin?.cells.copyCell(cells, slot, copied);
    }
    to.account.rowsCreated += 1;
  }
  to.arrange(to.columns);
}
