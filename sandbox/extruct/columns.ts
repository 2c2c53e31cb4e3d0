import { isDeepStrictEqual } from 'node:util';
import type { ColumnConfig } from '../engine/column-config.ts';
import { checkColumns } from './column-rules.ts';
import { namedDependencies } from '../engine/dependencies.ts';
import { invalid, notFound } from '../http/problem.ts';
import { freezeCell, outdate, resetCells, withReaders } from '../engine/outdated.ts';
import { MAX_COLUMNS, type Column, type Table } from '../engine/table.ts';
import { tableOf, wallMs, type SandboxState } from '../engine/state.ts';

export interface ColumnsRequest {
  tableId: string;
  configs: ColumnConfig[];
  /** Position: at the end, at the front, or behind the column with this id. */
  insertAfter: boolean | string;
}

/** @throws Problem 404, 422 */
export function createColumns(
  state: SandboxState,
  { tableId, configs, insertAfter }: ColumnsRequest,
): Column[] {
  const table = tableOf(state, tableId);
  checkColumns(table.kind, [...table.columns.map(({ config }) => config), ...configs], configs);
  if (table.columnsMade.length + configs.length > MAX_COLUMNS) {
    throw invalid(['body', 'column_configs'], 'Too many columns');
  }
  const at = placeAfter(table, insertAfter);
  const made = configs.map((config) => table.makeColumn(config, wallMs(state)));
  table.arrange(table.columns.toSpliced(at, 0, ...made));
  table.updatedAtMs = wallMs(state);
  return made;
}

export interface ColumnRequest {
  tableId: string;
  columnId: string;
  config: ColumnConfig;
}

/** Replaces the config; cells that read it keep their answer until they are run again, or are reset. */
export function replaceColumn(
  state: SandboxState,
  { tableId, columnId, config }: ColumnRequest,
): Column {
  const table = tableOf(state, tableId);
  const column = columnOf(table, columnId);
  if ((column.config.kind === 'input') !== (config.kind === 'input')) {
    throw invalid(['body', 'kind'], 'An input column stays an input column, and only that');
  }
  const configs = table.columns.map((one) => (one === column ? config : one.config));
  checkColumns(table.kind, configs, [config]);
  refuseOrphans(table, column, config.key);
  if (!isDeepStrictEqual(column.config, config)) {
    const affected = withReaders(column);
    for (const one of affected) {
      for (const slot of table.live) freezeCell(state, table, one, slot);
    }
    outdate(affected, table.live);
    if (state.extruct.outdatedCells === 'reset') resetCells(state, table, affected, table.live);
  }
  column.config = config;
  table.arrange(table.columns);
  table.updatedAtMs = wallMs(state);
  return column;
}

/** @throws Problem 404, and 422 while other columns depend on it */
export function deleteColumn(
  state: SandboxState,
  { tableId, columnId }: { tableId: string; columnId: string },
): Column {
  const table = tableOf(state, tableId);
  const column = columnOf(table, columnId);
  refuseOrphans(table, column, null);
  column.removed = true;
  table.arrange(table.columns.filter((one) => one !== column));
  table.updatedAtMs = wallMs(state);
  return column;
}

function refuseOrphans(table: Table, column: Column, newKey: string | null): void {
  const { key } = column.config;
  if (key === newKey) return;
  const orphan = table.columns.find(
    (one) => one !== column && namedDependencies(one.config).includes(key),
  );
  if (orphan !== undefined) {
    throw invalid(['path', 'column_id'], `Column '${orphan.config.key}' depends on '${key}'`);
  }
}

function columnOf(table: Table, columnId: string): Column {
  const column = table.columnOf(columnId);
  if (column === null) throw notFound('Column');
  return column;
}

function placeAfter(table: Table, after: boolean | string): number {
  if (typeof after === 'boolean') return after ? table.columns.length : 0;
  const column = table.columnOf(after);
  if (column === null) throw invalid(['body', 'insert_after'], 'Column does not exist');
  return table.columns.indexOf(column) + 1;
}
