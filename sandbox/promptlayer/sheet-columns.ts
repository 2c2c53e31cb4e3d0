import { inOrder } from '../engine/dependencies.ts';
import type { JsonObject } from '../json.ts';
import { runRows } from '../engine/runs.ts';
import { wallMs, type SandboxState } from '../engine/state.ts';
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
  const upstream = request.dependencies.map((id) => {
    const found = sheet.columns.find(({ column }) => column.id === id);
    if (found === undefined) throw refused(`Unknown dependency column: ${id}`);
    return found.column.config.key;
  });
  const { table } = sheet;
  const config = engineConfig(freeKey(sheet, request.title), type, request.config, upstream);
  if (inOrder(table.kind, [...table.columns, { config }]) === null) throw refused('Cycle detected');
  const column = table.makeColumn(config, wallMs(state));
  column.free = isFree(type);
  table.arrange([...table.columns, column]);
  const made = { column, title: request.title, type, config: request.config };
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

export interface RenameRequest {
  bookId: string;
  sheetId: string;
  columnId: string;
  title: string;
}

/** @throws Problem 404 */
export function renameColumn(state: SandboxState, request: RenameRequest): SheetColumn {
  const sheet = sheetOf(state, request.bookId, request.sheetId);
  const found = sheet.columns.find(({ column }) => column.id === request.columnId);
  if (found === undefined) throw gone('Column');
  const { table } = sheet;
  const before = found.column.config.key;
  const key = before === request.title ? before : freeKey(sheet, request.title);
  found.column.config = { ...found.column.config, key, name: key };
  found.title = request.title;
  for (const [slot, data] of table.data.entries()) {
    const fields = Object.entries(data ?? {});
    const renamed = fields.map(([name, value]) => [name === before ? key : name, value] as const);
    if (data !== null) table.data[slot] = Object.fromEntries(renamed);
  }
  table.arrange(table.columns);
  sheet.edits += 1;
  return found;
}
