import type { RunMode, TableRef } from '../../src/contract/table.ts';
import type { RunScope } from '../../src/providers/provider.ts';
import {
  RequestPlan,
  type CellRequest,
  type RowGroup,
} from '../../src/rules/cells/cell-requests.ts';
import { automaticUpstream, neededColumns } from '../../src/rules/cells/columns.ts';
import type { PassKind } from '../../src/rules/passes/passes.ts';
import type { Folder } from '../../src/store/store.ts';
import { cellSetLines, type CellSetEnd } from '../run-files/cell-set-file.ts';
import type { PassScope } from './choose-cells.ts';
import { mustNameRows, rowNames } from './row-names.ts';

/** Row ids in one request: 5,000 UUIDs, or some 25,000 places of rows. */
const ROW_ID_BYTES_PER_RUN = 200_000;
const QUOTES_AND_COMMA = 3;

/** A request for cells of a set. */
export interface SetScope extends RunScope {
  /** Approved cells: those of the set, and those of the provider's own columns beside them. */
  maxCells: number;
  /** True if the request without columns and rows would compute the same. */
  mayBeWhole: boolean;
}

/** Turns the cell set of a pass into requests: one, unless rows have to be named. */
export async function scopesOf(pass: PassScope, folder: Folder): Promise<SetScope[]> {
  const ofRows = new RequestPlan();
  const ofEveryRow = new RequestPlan();
  const every: CellRequest[] = [];
  let end: CellSetEnd = { asked: {}, wholeColumns: [] };
  const named = mustNameRows(pass);
  for await (const line of cellSetLines(folder, pass.pass)) {
    if ('asked' in line) {
      end = line;
    } else if ('rowId' in line) {
      const hasOthers = line.hasOthers === true || line.groups.length > 1;
      for (const group of line.groups) ofRows.add({ rowId: line.rowId, ...group, hasOthers });
    } else if (!named) {
      for (const { mode, columns } of line.groups)
        every.push({ mode, columns, rows: null, cells: pass.rows * columns.length });
    } else {
      for await (const { id } of rowNames(folder, pass)) {
        for (const group of line.groups) ofEveryRow.add({ rowId: id, ...group, hasOthers: false });
      }
    }
  }
  const wholeColumns = new Set(named ? [] : end.wholeColumns);
  every.push(...ofEveryRow.requests(wholeColumns));
  const wholeAgain = every.some(({ mode }) => mode === 'all');
  const repeats = (mode: RunMode): boolean => mode === 'all' && wholeAgain;
  return [
    ...every.flatMap((request) => scopesFor(request, pass, wholeColumns)),
    ...ofRows
      .requests(wholeColumns)
      .flatMap((request) => scopesFor(request, pass, wholeColumns, repeats(request.mode))),
  ];
}

/**
 * @param repeats True if an earlier request has taken the provider's own columns along in these rows:
 *   mode `all` would compute them again
 */
function scopesFor(
  { mode, columns, rows, cells }: CellRequest,
  pass: PassScope,
  wholeColumns: ReadonlySet<string>,
  repeats = false,
): SetScope[] {
  const { table } = pass;
  const needed = neededColumns(table);
  const keys = new Set([...columns, ...(repeats ? [] : alongside(table, columns, pass.kind))]);
  const automatic = keys.size - columns.length;
  const columnIds = needed.filter(({ key }) => keys.has(key)).map(({ id }) => id);
  if (rows !== null) {
    return chunks(rows).map((chunk) => ({
      mode,
      columnIds,
      rowIds: chunk.rowIds,
      maxCells: chunk.cells + automatic * chunk.rowIds.length,
      mayBeWhole: false,
    }));
  }
  const mayBeWhole = needed.every(({ key }) => wholeColumns.has(key));
  return [{ mode, columnIds, maxCells: cells + automatic * pass.rows, mayBeWhole }];
}

/**
 * Columns that a request names beside its own: those that the provider added. A first request starts
 * them; a stalled cell may wait for them. `new` passes over cells that are done.
 */
function alongside(table: TableRef, keys: readonly string[], kind: PassKind): string[] {
  const needed = neededColumns(table);
  if (kind === 'first' || kind === 'stage')
    return needed.filter(({ ours }) => !ours).map(({ key }) => key);
  if (kind !== 'nudge') return [];
  const asked = needed.filter(({ key }) => keys.includes(key));
  return asked.flatMap((column) => automaticUpstream(column, needed));
}

interface Chunk {
  rowIds: string[];
  cells: number;
}

function chunks(groups: readonly RowGroup[]): Chunk[] {
  const out: Chunk[] = [];
  let chunk: Chunk | null = null;
  let bytes = 0;
  for (const { rowIds, cellsEach } of groups) {
    for (const id of rowIds) {
      const size = id.length + QUOTES_AND_COMMA;
      if (chunk === null || bytes + size > ROW_ID_BYTES_PER_RUN) {
        chunk = { rowIds: [], cells: 0 };
        out.push(chunk);
        bytes = 0;
      }
      chunk.rowIds.push(id);
      chunk.cells += cellsEach;
      bytes += size;
    }
  }
  return out;
}
