import type { z } from 'zod';
import type { SandboxState } from '../engine/state.ts';
import { hash32 } from '../oracle/seeded.ts';
import { bookOutput, columnOutput, rowOutput, sheetOutput } from './render.ts';
import type * as requests from './requests.ts';
import { bookOf, sheetOf, refused } from './find.ts';
import { versionOf, type Sheet, type PromptLayerState } from './state.ts';

type ListQuery = z.output<typeof requests.list>;

interface Listed<T> {
  items: T[];
  next: string | null;
}

function part<T>(all: T[], cursor: string | undefined, limit: number, filters: Filters): Listed<T> {
  const from = placeOf(cursor, filters);
  const to = from + limit;
  return { items: all.slice(from, to), next: to < all.length ? cursorAt(to, filters) : null };
}

export function listBooks(state: SandboxState, query: ListQuery) {
  const { name = '', folder_id: folder = null, order = 'desc', limit } = query;
  const ignoresName = state.promptLayer.options.nameFilter === 'ignored';
  const found = [...state.promptLayer.books.values()].filter(
    (book) =>
      (ignoresName || book.title.toLowerCase().includes(name.toLowerCase())) &&
      (folder === null || String(book.folderId) === folder),
  );
  const filters = { of: 'tables', name, folder, order };
  const sorted = order === 'asc' ? found : found.reverse();
  const { items, next } = part(sorted, query.cursor, limit, filters);
  return {
    success: true,
    data: items.map(bookOutput),
    count: items.length,
    ...paged(state.promptLayer, next, limit),
  };
}

export function listSheets(state: SandboxState, bookId: string, query: ListQuery) {
  const { order = 'asc', limit, cursor } = query;
  const { sheets } = bookOf(state, bookId);
  const sorted = order === 'asc' ? sheets : sheets.toReversed();
  const { items, next } = part(sorted, cursor, limit, { of: 'sheets', bookId, order });
  const data = items.map(sheetOutput);
  return { success: true, data, ...paged(state.promptLayer, next, limit) };
}

export function listColumns(
  state: SandboxState,
  bookId: string,
  sheetId: string,
  query: ListQuery,
) {
  const sheet = sheetOf(state, bookId, sheetId);
  const { items, next } = part(sheet.columns, query.cursor, query.limit, {
    of: 'columns',
    sheetId,
  });
  const data = items.map((column) => columnOutput(sheet, column));
  return { success: true, data, ...paged(state.promptLayer, next, query.limit) };
}

type RowsQuery = z.output<typeof requests.rows>;

/** Places of a sheet's rows in the order asked for, and where in it the cursor stands. */
export function rowsAsked(
  sheet: Sheet,
  { order, cursor, limit, include_system_columns: system }: RowsQuery,
): { places: number[]; filters: Filters; from: number } {
  const places = sheet.table.live.map((_slot, place) => place);
  if (order === 'desc') places.reverse();
  // Whether a cursor outlives another `limit` is not documented: here it does not.
  const filters = { of: 'rows', sheetId: sheet.id, order, limit, system };
  return { places, filters, from: placeOf(cursor, filters) };
}

export function listRows(state: SandboxState, bookId: string, sheetId: string, query: RowsQuery) {
  const sheet = sheetOf(state, bookId, sheetId);
  const { limit, cursor } = query;
  const { places, filters } = rowsAsked(sheet, query);
  const { items, next } = part(places, cursor, limit, filters);
  const withColumns = query.include_columns ?? cursor === undefined;
  return {
    success: true,
    data: items.map((place) => rowOutput(state, sheet, place)),
    ...paged(state.promptLayer, next, limit),
    ...(query.include_row_count ? { row_count: places.length } : {}),
    columns: withColumns ? sheet.columns.map((column) => columnOutput(sheet, column)) : [],
    version: versionOf(sheet),
  };
}

/** Everything that decides which items come, and in which order. */
type Filters = Record<string, string | number | boolean | null>;

const hashOf = (filters: Filters): number => hash32(JSON.stringify(filters));

/** Opaque; good for the same filters only. */
const cursorAt = (after: number, filters: Filters): string =>
  Buffer.from(JSON.stringify({ after, hash: hashOf(filters) })).toString('base64url');

/**
 * Returns the position of a cursor. @throws Problem 400 for a cursor of other filters, or an
 * invalid one
 */
function placeOf(cursor: string | undefined, filters: Filters): number {
  if (cursor === undefined) return 0;
  const parsed = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (parsed?.hash !== hashOf(filters)) throw refused('Invalid cursor');
  return parsed.after;
}

function parse(text: string): { after: number; hash: number } | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    if (!('after' in value) || !('hash' in value)) return null;
    const { after, hash } = value;
    return typeof after === 'number' && typeof hash === 'number' ? { after, hash } : null;
  } catch {
    return null;
  }
}

/** The place of the cursor is one of two: the reference shows both. */
function paged(
  { options: { cursorIn } }: PromptLayerState,
  next: string | null,
  limit: number,
): object {
  const fields = { next_cursor: next, has_more: next !== null };
  return cursorIn === 'top' ? fields : { pagination: { ...fields, prev_cursor: null, limit } };
}
