import { Problem } from '../http/problem.ts';
import type { SandboxState } from '../engine/state.ts';
import type { Sheet, Workbook } from './state.ts';

export const gone = (what: string): Problem => new Problem(404, `${what} not found`);
export const refused = (why: string): Problem => new Problem(400, why);

/** @throws Problem 404 */
export function bookOf({ promptLayer }: SandboxState, id: string): Workbook {
  const book = promptLayer.books.get(id);
  if (book === undefined) throw gone('Table');
  return book;
}

/** @throws Problem 404 */
export function sheetOf(state: SandboxState, bookId: string, sheetId: string): Sheet {
  const sheet = bookOf(state, bookId).sheets.find(({ id }) => id === sheetId);
  if (sheet === undefined) throw gone('Table or sheet');
  return sheet;
}
