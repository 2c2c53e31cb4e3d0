import { isDeepStrictEqual } from 'node:util';
import { inOrder } from '../engine/dependencies.ts';
import type { JsonObject } from '../json.ts';
import { freezeCell, outdate, readersOf, resetCells, withReaders } from '../engine/outdated.ts';
import { runRows } from '../engine/runs.ts';
import { wallMs, type SandboxState } from '../engine/state.ts';
import type { Column } from '../engine/table.ts';
import { engineConfig, isFree, typeOf } from './column-types.ts';
import { gone, refused, sheetOf } from './find.ts';
import type { Sheet, SheetColumn } from './state.ts';

export interface ColumnRequest {
  bookId: string;
  sheetId: string;
  title: string;
  type: string;
  config: JsonObject;
  /** Column ids. */
  dependencies: string[];
}

/** Appended behind the others. @throws Problem 400, 404 */
export function createColumn(state: SandboxState, request: ColumnRequest): SheetColumn {
  const sheet = sheetOf(state, request.bookId, request.sheetId);
  const type = typeOf(request.type);
  if (type === null) throw refused(`Invalid column type: ${request.type}`);
  if (type === 'TEXT' && request.dependencies.length > 0)
    throw refused('Text columns depend on none');
  const upstream = keysOf(sheet, request.dependencies);
  const { table } = sheet;
  const config = engineConfig(freeKey(sheet, request.title), type, request.config, upstream);
  if (inOrder(table.kind, [...table.columns, { config }]) === null) throw refused('Cycle detected');
  const column = table.makeColumn(config, wallMs(state));
  column.free = isFree(type);
  table.arrange([...table.columns, column]);
  const { title, config: own, dependencies } = request;
  const made = { column, title, type, config: own, dependencies };
  sheet.columns.push(made);
  sheet.edits += 1;
  if (column.computed && state.promptLayer.options.startsItself !== 'none') {
    runRows(state, table, table.live);
  }
  return made;
}

/** Two columns may have one title; the engine needs a word for each. */
function freeKey({ table }: Sheet, title: string): string {
  return table.configs.has(title) ? `${title} #${table.columnsMade.length}` : title;
}

/** Keys of the engine's columns. @throws Problem 400 */
const keysOf = ({ columns }: Sheet, ids: readonly string[]): string[] =>
  ids.map((id) => {
    const found = columns.find(({ column }) => column.id === id);
    if (found === undefined) throw refused(`Unknown dependency column: ${id}`);
    return found.column.config.key;
  });

export interface ColumnChange {
  bookId: string;
  sheetId: string;
  columnId: string;
  title?: string | undefined;
  config?: JsonObject | undefined;
  /** Column ids. */
  dependencies?: string[] | undefined;
}

export interface ChangedColumn {
  column: SheetColumn;
  /** The column and those that read it, if their answers follow from the earlier config. */
  affected: Column[];
}

/** Changes title, config or dependencies of a column. @throws Problem 400, 404 */
export function updateColumn(state: SandboxState, change: ColumnChange): ChangedColumn {
  const sheet = sheetOf(state, change.bookId, change.sheetId);
  const column = columnIn(sheet, change.columnId);
  const affected = reconfigure(state, sheet, column, change);
  if (change.title !== undefined) rename(sheet, column, change.title);
  sheet.edits += 1;
  return { column, affected };
}

/** The title stays. @throws Problem 400, with nothing changed */
function reconfigure(
  state: SandboxState,
  sheet: Sheet,
  found: SheetColumn,
  { config = found.config, dependencies = found.dependencies }: ColumnChange,
): Column[] {
  const { table } = sheet;
  const { column, type } = found;
  const isSame =
    isDeepStrictEqual(config, found.config) && isDeepStrictEqual(dependencies, found.dependencies);
  if (isSame) return [];
  if (type === 'TEXT') throw refused('Text columns have neither config nor dependencies');
  const { key } = column.config;
  const next = engineConfig(key, type, config, keysOf(sheet, dependencies));
  const others = table.columns.map((one) => (one === column ? { config: next } : one));
  if (inOrder(table.kind, others) === null) throw refused('Cycle detected');
  const affected = withReaders(column);
  for (const one of affected) for (const slot of table.live) freezeCell(state, table, one, slot);
  outdate(affected, table.live);
  if (state.promptLayer.options.changedColumns === 'stale') {
    resetCells(state, table, affected, table.live);
  }
  column.config = next;
  found.config = config;
  found.dependencies = dependencies;
  table.arrange(table.columns);
  return affected;
}

function rename(sheet: Sheet, found: SheetColumn, title: string): void {
  const { table } = sheet;
  const before = found.column.config.key;
  const key = before === title ? before : freeKey(sheet, title);
  found.column.config = { ...found.column.config, key, name: key };
  found.title = title;
  for (const [slot, data] of table.data.entries()) {
    const fields = Object.entries(data ?? {});
    const renamed = fields.map(([name, value]) => [name === before ? key : name, value] as const);
    if (data !== null) table.data[slot] = Object.fromEntries(renamed);
  }
  table.arrange(table.columns);
}

/**
 * Deletes a column; cells that read it become stale. Returns their number.
 * @throws Problem 404
 */
export function dropColumn(
  state: SandboxState,
  request: { bookId: string; sheetId: string; columnId: string },
): { sheet: Sheet; stale: number } {
  const sheet = sheetOf(state, request.bookId, request.sheetId);
  const found = columnIn(sheet, request.columnId);
  const { table } = sheet;
  const { column } = found;
  const readers = readersOf(table, new Set([column.config.key]));
  for (const one of readers) for (const slot of table.live) freezeCell(state, table, one, slot);
  outdate(readers, table.live);
  const stale = resetCells(state, table, readers, table.live);
  column.removed = true;
  sheet.columns.splice(sheet.columns.indexOf(found), 1);
  for (const reader of sheet.columns) {
    if (!reader.dependencies.includes(column.id)) continue;
    reader.dependencies = reader.dependencies.filter((id) => id !== column.id);
    const { config, column: one, type } = reader;
    one.config = engineConfig(one.config.key, type, config, keysOf(sheet, reader.dependencies));
  }
  table.arrange(table.columns.filter((one) => one !== column));
  sheet.edits += 1;
  return { sheet, stale };
}

/** @throws Problem 404 */
function columnIn({ columns }: Sheet, columnId: string): SheetColumn {
  const found = columns.find(({ column }) => column.id === columnId);
  if (found === undefined) throw gone('Column');
  return found;
}
