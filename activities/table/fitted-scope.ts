import { RowmillError } from '../../src/errors.ts';
import type { RunScope } from '../../src/providers/provider.ts';
import type { TableRunRef } from '../../src/contract/table.ts';
import { mergeTableRunRefs } from '../../src/rules/passes/table-run.ts';

/** Sends one request. */
export type SendScope = (scope: RunScope) => Promise<TableRunRef>;

/** A way to ask for cells: one request, or several. */
export type Way = readonly RunScope[];

/** Detects a refusal: nothing was done, and a smaller request may be accepted. */
const isRefusal = (error: unknown): error is RowmillError =>
  error instanceof RowmillError &&
  !error.ambiguous &&
  (error.code === 'request_refused' || error.code === 'request_too_large');

/**
 * Sends the first way that is accepted, each with fewer rows if needed: the maximum size of a
 * request is not documented. If all are refused, throws the first refusal.
 */
export async function sendFitted(ways: readonly Way[], send: SendScope): Promise<TableRunRef> {
  let refusal: RowmillError | null = null;
  for (const way of ways) {
    const tableRuns: TableRunRef[] = [];
    try {
      for (const scope of way) {
        await sendInPieces(scope, async (piece) => void tableRuns.push(await send(piece)));
      }
      return mergeTableRunRefs(tableRuns);
    } catch (error) {
      // After the first piece the way is the right one, and what is refused is refused for another reason.
      if (!isRefusal(error) || tableRuns.length > 0) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new Error('there is no way to ask for them');
}

/** Sends the rows in pieces; keeps an accepted size, and shrinks down to one row. */
async function sendInPieces(
  scope: RunScope,
  send: (piece: RunScope) => Promise<void>,
): Promise<void> {
  const { rowIds } = scope;
  if (rowIds === undefined) {
    await send(scope);
    return;
  }
  let size = rowIds.length;
  for (let from = 0; from < rowIds.length;) {
    const ids = rowIds.slice(from, from + size);
    try {
      await send(pieceOf(scope, ids));
      from += ids.length;
    } catch (error) {
      if (!isRefusal(error) || ids.length <= 1) throw error;
      size = Math.ceil(ids.length / 2);
    }
  }
}

/**
 * Any cells of a scope may be in a piece: as many as it has room for. A scope of fewer columns may
 * have more cells than room, of columns that the provider takes along.
 */
function pieceOf(scope: RunScope, rowIds: string[]): RunScope {
  const { maxCells, columnIds } = scope;
  if (maxCells === undefined || scope.rowIds === undefined) return { ...scope, rowIds };
  const cellsOfRow = Math.max(columnIds.length, Math.ceil(maxCells / scope.rowIds.length));
  return { ...scope, rowIds, maxCells: Math.min(maxCells, rowIds.length * cellsOfRow) };
}
