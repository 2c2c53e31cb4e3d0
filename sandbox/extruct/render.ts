import { CELL_STATUSES, CREATED, DONE, IN_PROGRESS, REQUESTED } from '../engine/cells.ts';
import { IdSeries } from '../engine/ids.ts';
import type { JsonObject } from '../json.ts';
import { isAutomatic } from '../engine/column-config.ts';
import type { Column, Table } from '../engine/table.ts';
import { valueOf } from '../oracle/expected.ts';
import type {
  CellOutput,
  ColumnOutput,
  Owner,
  RowOutput,
  RowWithStatus,
  TableData,
  TableHeader,
  TableListItem,
  TableStatus,
  TableWithStatus,
} from './wire.ts';
import { iso, type SandboxState } from '../engine/state.ts';

export const OWNER: Owner = {
  id: '5a4db000-0000-4000-8000-000000000001',
  email: 'owner@sandbox.example',
};

export const columnOutput = ({ id, createdAtMs, config }: Column): ColumnOutput => ({
  id,
  created_at: iso(createdAtMs),
  config,
});

export const tableHeader = ({ extruct }: SandboxState, table: Table): TableHeader => ({
  id: table.id,
  created_at: iso(table.createdAtMs),
  name: table.name,
  description: table.description,
  tags: extruct.tagsReturned ? table.tags : null,
  kind: table.kind,
  columns: table.columns.map(columnOutput),
  owner: OWNER,
  child_relationships: table.children
    .filter((child) => !child.removed)
    .map(({ id }) => ({ table_id: id, relationship_type: 'company_people' })),
  parent_relationships:
    table.parent === null
      ? []
      : [{ table_id: table.parent.id, relationship_type: 'company_people' }],
});

export const tableListItem = ({ extruct }: SandboxState, table: Table): TableListItem => ({
  id: table.id,
  created_at: iso(table.createdAtMs),
  updated_at: iso(table.updatedAtMs),
  name: table.name,
  description: table.description,
  tags: extruct.tagsReturned ? table.tags : null,
  kind: table.kind,
  settings: { exclude_from_search: false },
  scope: 'personal',
  owner: OWNER,
  num_rows: table.live.length,
});

/** Builds the status from counters only, so its cost does not grow with the table. */
export function tableStatus(state: SandboxState, table: Table): TableStatus {
  const lag = table.lag !== null && state.atMs < table.lag.untilMs ? table.lag : null;
  const outputs = table.computed.length;
  const started = table.countOf(IN_PROGRESS);
  const asked = state.countRequested ? table.countOf(REQUESTED) : 0;
  const named = table.computed.filter(({ config }) => !isAutomatic(table.kind, config)).length;
  return withZeros(state, {
    num_rows: table.live.length,
    num_output_columns: state.extruct.outputColumns === 'named' ? named : outputs,
    num_input_columns: table.columns.length - outputs,
    num_cells_completed: lag === null ? table.countOf(DONE) : lag.done,
    num_cells_in_progress: lag === null ? started + asked : 0,
    num_columns: table.columns.length,
    run_status: lag === null && table.busy ? 'running' : 'idle',
  });
}

/** Safe cast: if zeros are left out, the type claims more than the reply has. */
function withZeros({ extruct }: SandboxState, status: TableStatus): TableStatus {
  if (extruct.zeros === 'shown') return status;
  return Object.fromEntries(
    Object.entries(status).filter(([, value]) => value !== 0),
  ) as unknown as TableStatus;
}

export const tableWithStatus = (state: SandboxState, table: Table): TableWithStatus => ({
  ...tableHeader(state, table),
  status: tableStatus(state, table),
});

export function tableData(
  state: SandboxState,
  table: Table,
  offset: number,
  limit: number,
): TableData {
  const slots = table.live.slice(offset, offset + limit);
  return {
    ...tableWithStatus(state, table),
    rows: slots.map((slot) => rowOutput(state, table, slot)),
    discovery_tasks: null,
  };
}

export function rowOutput(state: SandboxState, table: Table, slot: number): RowOutput {
  const parentSlot = table.parentSlots.get(slot);
  const parent = parentSlot === undefined ? null : table.parent;
  const parentRow = parent === null ? null : (parent.data[parentSlot ?? -1] ?? null);
  return {
    id: table.rowIds.id(slot),
    created_at: iso(table.rowCreatedAtMs[slot] ?? 0),
    parent_row_id: parent === null ? null : parent.rowIds.id(parentSlot ?? -1),
    company_profile_id: profileId(state, table, slot),
    data: cellsOf(state, table, slot),
    metadata: state.extruct.metadata === 'dropped' ? null : (table.metadata[slot] ?? null),
    parent_data:
      parent === null || parentRow === null ? null : cellsOf(state, parent, parentSlot ?? -1),
  };
}

export function rowWithStatus(state: SandboxState, table: Table, slot: number): RowWithStatus {
  const busy = table.computed.some(({ cells }) => {
    const status = cells.statusAt(slot);
    return status === REQUESTED || status === IN_PROGRESS;
  });
  return {
    ...rowOutput(state, table, slot),
    status: busy ? 'running' : 'idle',
    columns: table.columns.map(columnOutput),
  };
}

function cellsOf(state: SandboxState, table: Table, slot: number): Record<string, CellOutput> {
  const data = table.data[slot] ?? {};
  const rowAtMs = table.rowChangedAtMs.get(slot) ?? table.rowCreatedAtMs[slot] ?? 0;
  return Object.fromEntries(
    table.columns.map((column) => [
      column.config.key,
      column.computed
        ? computedCell(state, table, column, slot, data)
        : inputCell(data, column.config.key, rowAtMs),
    ]),
  );
}

const inputCell = (data: JsonObject, key: string, atMs: number): CellOutput => {
  const value = Object.hasOwn(data, key) ? (data[key] ?? null) : null;
  return value === null
    ? { value, status: 'created', updated_at: null }
    : { value, status: 'done', updated_at: iso(atMs) };
};

function computedCell(
  state: SandboxState,
  table: Table,
  { cells, config }: Column,
  slot: number,
  data: JsonObject,
): CellOutput {
  const status = cells.statusAt(slot);
  const atMs = cells.updatedAtMs[slot] ?? 0;
  const setting = { kind: table.kind, data, columns: table.configs };
  const frozen = cells.frozen.get(slot);
  return {
    value: status !== DONE ? null : (frozen ?? valueOf(state.oracle, setting, config)),
    status: CELL_STATUSES[status] ?? CELL_STATUSES[CREATED],
    updated_at: atMs === 0 ? null : iso(atMs),
  };
}

function profileId(state: SandboxState, table: Table, slot: number): string | null {
  const profile = table.computed.find(({ config }) => config.kind === 'company_profile');
  if (profile?.cells.statusAt(slot) !== DONE) return null;
  return new IdSeries(state.nonce, 'profile', table.serial).id(slot);
}
