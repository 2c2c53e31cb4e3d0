import type { RunMode, TableRef } from '../src/contract/table.ts';
import type { RunScope } from '../src/providers/provider.ts';
import type { Folder } from '../src/store/store.ts';
import { ROW_IDS_FILE } from './counted-rows.ts';
import { isAskedFor, openCells, openCellsFile } from './open-cells.ts';

/** Row ids in one request: 5,000 UUIDs, or some 25,000 places of rows. */
const ROW_ID_BYTES_PER_RUN = 200_000;
const QUOTES_AND_COMMA = 3;

/** What a pass is to run. */
export interface PassScope {
  table: TableRef;
  mode: RunMode;
  /** Only the cells that the sweep of this number found unfinished; otherwise every cell. */
  openOfSweep: number | null;
  /** Rows the table must hold. */
  rows: number;
  /** Name the rows one by one: the table may hold rows that are not ours. */
  contested: boolean;
}

/** The requests it takes: one, unless rows have to be named. */
export async function scopesOf(input: PassScope, folder: Folder): Promise<RunScope[]> {
  const { mode, table } = input;
  const computed = table.columns.filter((column) => !column.input).map((column) => column.id);
  if (input.openOfSweep !== null) {
    return openScopes(mode, table, folder, openCellsFile(input.openOfSweep));
  }
  const rowIds = input.contested ? await rowIdsIn(folder) : placesOf(table, input.rows);
  if (rowIds === null) return [scopeOf(mode, computed, input.rows)];
  return chunks(rowIds).map((ids) => scopeOf(mode, computed, ids));
}

async function rowIdsIn(folder: Folder): Promise<string[]> {
  const rowIds: string[] = [];
  for await (const line of folder.lines(ROW_IDS_FILE)) rowIds.push(rowIdOf(line));
  return rowIds;
}

/** Ids of so many rows behind the blank ones; `null` where there are none and all rows are ours. */
export const placesOf = ({ blank }: TableRef, rows: number): string[] | null =>
  blank === undefined ? null : Array.from({ length: rows }, (_, at) => String(blank.rows + at));

/** Named rows, or all of so many; the cells of the scope are what the spend was judged by. */
const scopeOf = (mode: RunMode, columnIds: string[], rows: string[] | number): RunScope => ({
  mode,
  columnIds,
  cellsAtMost: columnIds.length * (typeof rows === 'number' ? rows : rows.length),
  ...(typeof rows === 'number' ? {} : { rowIds: rows }),
});

function rowIdOf(line: string): string {
  // Written by loadRows in this shape.
  return (JSON.parse(line) as { id: string }).id;
}

/** Column by column: a row may be open in one column and given up in another. */
async function openScopes(
  mode: RunMode,
  table: TableRef,
  folder: Folder,
  file: string,
): Promise<RunScope[]> {
  const rowsByColumn = new Map<string, string[]>();
  for await (const cell of openCells(folder, file)) {
    if (!isAskedFor(mode, cell)) continue;
    const rows = rowsByColumn.get(cell.column) ?? [];
    rows.push(cell.rowId);
    rowsByColumn.set(cell.column, rows);
  }
  return [...rowsByColumn].flatMap(([key, rowIds]) => {
    const columnIds = table.columns.filter((c) => c.key === key).map((c) => c.id);
    return chunks(rowIds).map((ids) => scopeOf(mode, columnIds, ids));
  });
}

function chunks(ids: string[]): string[][] {
  const out: string[][] = [];
  let bytes = 0;
  for (const id of ids) {
    const size = id.length + QUOTES_AND_COMMA;
    if (out.length === 0 || bytes + size > ROW_ID_BYTES_PER_RUN) {
      out.push([]);
      bytes = 0;
    }
    out.at(-1)?.push(id);
    bytes += size;
  }
  return out;
}
