import type { Folder } from '../src/store/store.ts';
import { isRequestedBy, openCells, openCellsFile, type OpenCell } from './open-cells.ts';
import type { PassScope } from './run-scopes.ts';

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
