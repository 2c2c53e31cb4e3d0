import type { RunMode, TableRef } from '../../src/contract/table.ts';
import { automaticUpstream, neededColumns } from '../../src/rules/columns.ts';
import type { PassKind } from '../../src/rules/passes.ts';
import type { RunScope } from '../../src/providers/provider.ts';
import type { Folder } from '../../src/store/store.ts';
import { ROW_IDS_FILE } from '../run-files/row-ids.ts';
import { isRequestedBy, openCells, openCellsFile, type OpenCell } from '../run-files/open-cells.ts';
import { placedRows } from '../run-files/placed-rows.ts';

/** Row ids in one request: 5,000 UUIDs, or some 25,000 places of rows. */
const ROW_ID_BYTES_PER_RUN = 200_000;
const QUOTES_AND_COMMA = 3;

/** Cells that a pass is to run. */
export interface PassScope {
  table: TableRef;
  mode: RunMode;
  /** Number of the scan whose unfinished cells are requested; `null`: every cell. */
  openCellsOfScan: number | null;
  /** Which of those. */
  kind: PassKind;
  /** The last table scan; `null` on a new table, which was not scanned before its first pass. */
  scan: number | null;
  /** Expected rows of the table. */
  rows: number;
  /** True if rows must be named one by one, because the table may have foreign rows. */
  mayHaveDuplicates: boolean;
}

/** The requests it takes: one, unless rows have to be named. */
export async function scopesOf(input: PassScope, folder: Folder): Promise<RunScope[]> {
  const { mode, table } = input;
  if (input.openCellsOfScan !== null) return openScopes(input, folder, input.openCellsOfScan);
  const needed = neededColumns(table).map((column) => column.id);
  const rowIds = input.mayHaveDuplicates
    ? await rowIdsIn(folder)
    : await rowIndexesIn(folder, input);
  if (rowIds === null) return [scopeOf(mode, needed, input.rows)];
  return chunks(rowIds).map((ids) => scopeOf(mode, needed, ids));
}

async function rowIdsIn(folder: Folder): Promise<string[]> {
  const rowIds: string[] = [];
  for await (const line of folder.lines(ROW_IDS_FILE)) rowIds.push(rowIdOf(line));
  return rowIds;
}

/**
 * Returns the ids from the replies. A rerun, which has loaded nothing, names the rows that its
 * table scan found unfinished.
 */
const rowIndexesIn = async (folder: Folder, input: PassScope): Promise<string[] | null> =>
  input.table.placeholderRows === undefined
    ? null
    : ((await placedRows(folder)) ??
      (await unfinishedRows(folder, input)) ??
      rowIndexes(input.table, input.rows));

/** `null` where done cells are asked for as well, or the rows were not read. */
async function unfinishedRows(folder: Folder, { mode, scan }: PassScope): Promise<string[] | null> {
  if (mode === 'all' || scan === null) return null;
  const ids = new Set<string>();
  for await (const { rowId } of openCells(folder, openCellsFile(scan))) {
    if (rowId !== '') ids.add(rowId);
  }
  return ids.size === 0 ? null : [...ids];
}

/**
 * Returns the ids of the rows behind the placeholders; `null` without placeholders, when all rows
 * belong to the run.
 */
export const rowIndexes = ({ placeholderRows }: TableRef, rows: number): string[] | null =>
  placeholderRows === undefined
    ? null
    : Array.from({ length: rows }, (_, at) => String(placeholderRows.rows + at));

/**
 * Builds a scope of named rows, or of a number of rows; its cells are what the spend was checked
 * for.
 */
const scopeOf = (mode: RunMode, columnIds: string[], rows: string[] | number): RunScope => ({
  mode,
  columnIds,
  maxCells: columnIds.length * (typeof rows === 'number' ? rows : rows.length),
  ...(typeof rows === 'number' ? {} : { rowIds: rows }),
});

function rowIdOf(line: string): string {
  // Written by loadRows in this shape.
  return (JSON.parse(line) as { id: string }).id;
}

/**
 * Builds as few requests as possible: a row may be open in one column and final in another. Also
 * names automatic upstream columns, for which a stalled cell may wait; `new` skips completed ones.
 */
async function openScopes(input: PassScope, folder: Folder, scan: number): Promise<RunScope[]> {
  const { mode, table, kind } = input;
  const computed = neededColumns(table);
  const rows = new Map(computed.map(({ key }) => [key, new Set<string>()]));
  const named = new Map(
    computed.map((column) => {
      const upstream = kind === 'nudge' ? automaticUpstream(column, computed) : [];
      return [column.key, [column.key, ...upstream]];
    }),
  );
  for await (const cell of openCells(folder, openCellsFile(scan))) {
    if (!isRequestedBy(kind, cell)) continue;
    for (const key of named.get(cell.column) ?? []) rows.get(key)?.add(cell.rowId);
  }
  const scopes = new Map<string, { columnIds: string[]; rowIds: string[] }>();
  for (const { key, id } of computed) {
    const rowIds = [...(rows.get(key) ?? [])];
    if (rowIds.length === 0) continue;
    const same = rowIds.join();
    const scope = scopes.get(same) ?? { columnIds: [], rowIds };
    scopes.set(same, scope);
    scope.columnIds.push(id);
  }
  return [...scopes.values()].flatMap(({ columnIds, rowIds }) =>
    chunks(rowIds).map((ids) => scopeOf(mode, columnIds, ids)),
  );
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

/** Cells of the pipeline's own columns that a pass asks for, by column key. */
export async function requestedByColumn(
  input: PassScope,
  folder: Folder,
): Promise<Record<string, number>> {
  const ours = input.table.columns.filter(({ ours, input: filled }) => ours && !filled);
  const { openCellsOfScan, scan } = input;
  const from = openCellsOfScan ?? scan;
  if (from === null) return Object.fromEntries(ours.map(({ key }) => [key, input.rows]));
  const asked = new Map(ours.map(({ key }) => [key, 0]));
  for await (const cell of openCells(folder, openCellsFile(from))) {
    const before = asked.get(cell.column);
    if (before !== undefined && isRequested(input, cell)) asked.set(cell.column, before + 1);
  }
  return Object.fromEntries([...asked].filter(([, cells]) => cells > 0));
}

/** Without names a rerun asks for what has failed, and any other pass for what has no answer. */
function isRequested(input: PassScope, cell: OpenCell): boolean {
  if (input.openCellsOfScan !== null) return isRequestedBy(input.kind, cell);
  return input.mode !== 'failed' || cell.status === 'failed';
}
