import { newRow, newTable } from '../engine/new-table.ts';
import { USUAL_TERMS } from '../engine/terms.ts';
import { wallMs, type SandboxState } from '../engine/state.ts';
import { engineConfig } from './column-types.ts';
import { bookOf } from './find.ts';
import type { Sheet, Workbook } from './state.ts';

export interface BookRequest {
  title: string | null;
  folderId: number | null;
  defaultSheet: boolean;
}

export function createBook(
  state: SandboxState,
  { title, folderId, defaultSheet }: BookRequest,
): Workbook {
  const { promptLayer } = state;
  const serial = promptLayer.booksMade;
  promptLayer.booksMade = serial + 1;
  const book: Workbook = {
    id: promptLayer.bookIds.id(serial),
    title: title ?? `Untitled Table ${serial + 1}`,
    folderId,
    createdAtMs: wallMs(state),
    sheets: [],
  };
  promptLayer.books.set(book.id, book);
  if (defaultSheet) blankSheet(state, book, 'Sheet 1');
  return book;
}

/** Deletes a table logically: no request shows it any more. @throws Problem 404 */
export function deleteBook(state: SandboxState, { bookId }: { bookId: string }): void {
  const book = bookOf(state, bookId);
  state.promptLayer.books.delete(book.id);
  for (const { table } of book.sheets) {
    table.removed = true;
    state.tables.delete(table.id);
  }
}

/** @throws Problem 404 */
export function createSheet(
  state: SandboxState,
  { bookId, title }: { bookId: string; title: string | null },
): Sheet {
  const book = bookOf(state, bookId);
  return blankSheet(state, book, title ?? `Sheet ${book.sheets.length + 1}`);
}

/** A blank sheet has one text column and one row with nothing in it. */
function blankSheet(state: SandboxState, book: Workbook, title: string): Sheet {
  const isEmpty = state.promptLayer.options.blankSheet === 'nothing';
  const configs = isEmpty ? [] : [engineConfig('Column A', 'TEXT', {}, [])];
  const request = { name: book.title, description: null, tags: null, kind: 'generic' } as const;
  const table = newTable(state, { ...request, configs }, USUAL_TERMS);
  table.ofSheet = true;
  const columns = table.columns.map((column) => ({
    column,
    title: column.config.key,
    type: 'TEXT',
    config: {},
    dependencies: [],
  }));
  if (!isEmpty) {
    newRow(state, table, {}, null);
    // The row comes with the sheet: no client has sent it.
    table.account.rowsCreated -= 1;
  }
  const sheet: Sheet = { id: table.id, table, book, title, columns, edits: 0 };
  book.sheets.push(sheet);
  return sheet;
}
