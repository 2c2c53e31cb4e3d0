import type { JsonObject } from '../json.ts';
import { newRow } from '../engine/new-table.ts';
import { runRows } from '../engine/runs.ts';
import type { SandboxState } from '../engine/state.ts';
import { refused, sheetOf } from './find.ts';
import { slotAt, type Sheet } from './state.ts';

export interface RowsRequest {
  bookId: string;
  sheetId: string;
  count: number;
  /** Values by column id; those beyond `count` are ignored. */
  values: JsonObject[];
}

export interface RowsMade {
  sheet: Sheet;
  /** Places in the sheet. */
  first: number;
  count: number;
}

/** Appends behind the last row. @throws Problem 400, 404 */
export function appendRows(
  state: SandboxState,
  { bookId, sheetId, count, values }: RowsRequest,
): RowsMade {
  const sheet = sheetOf(state, bookId, sheetId);
  if (sheet.columns.length === 0) throw refused('No columns defined');
  const rows = Array.from({ length: count }, (_, at) => dataOf(sheet, values[at] ?? {}));
  const first = sheet.table.live.length;
  const made = rows.map((data) => newRow(state, sheet.table, data, null));
  if (state.promptLayer.options.startsItself === 'new columns and rows') {
    runRows(state, sheet.table, made);
  }
  sheet.edits += 1;
  return { sheet, first, count };
}

export interface DropRequest {
  bookId: string;
  sheetId: string;
  indices: number[];
}

/** Indices that no row has are passed over. @throws Problem 404 */
export function dropRows(
  state: SandboxState,
  { bookId, sheetId, indices }: DropRequest,
): { sheet: Sheet; deleted: number } {
  const sheet = sheetOf(state, bookId, sheetId);
  const slots = indices.map((index) => slotAt(state.promptLayer, sheet, index));
  const gone = new Set(slots.filter((slot) => slot !== undefined));
  if (gone.size === 0) return { sheet, deleted: 0 };
  // A row that came with the sheet was never counted as made.
  const sent = [...gone].filter((slot) => Object.keys(sheet.table.data[slot] ?? {}).length > 0);
  sheet.table.removeRows(gone);
  sheet.table.account.rowsDeleted += sent.length;
  sheet.edits += 1;
  return { sheet, deleted: gone.size };
}

/**
 * Returns the data the engine computes from: texts by column, and `input`, the leftmost one, as the
 * name of the row.
 */
function dataOf(sheet: Sheet, values: JsonObject): JsonObject {
  const texts = sheet.columns.filter(({ type }) => type === 'TEXT');
  const known = new Set(texts.map(({ column }) => column.id));
  const stranger = Object.keys(values).find((id) => !known.has(id));
  if (stranger !== undefined) throw refused(`Not a text column of this sheet: ${stranger}`);
  // `fromEntries`: a column may be called `__proto__`.
  const data: JsonObject = Object.fromEntries(
    texts.flatMap(({ column: { id, config } }) => {
      const value = Object.hasOwn(values, id) ? values[id] : undefined;
      return value === undefined ? [] : [[config.key, value] as const];
    }),
  );
  const leftmost = values[texts[0]?.column.id ?? ''];
  return leftmost === undefined ? data : { input: leftmost, ...data };
}
