import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ResultRow } from '../../contract/results.ts';
import { textTable } from '../io/table.ts';

/** Formats the first rows of a JSON Lines result as a table. */
export async function previewRows(path: string, rows: number, columns: string[]) {
  const input = createReadStream(path);
  const found: ResultRow[] = [];
  for await (const line of createInterface({ input })) {
    // Safe cast: the run wrote a ResultRow.
    found.push(JSON.parse(line) as ResultRow);
    if (found.length === rows) break;
  }
  input.destroy();
  return textTable(
    [{ title: 'key' }, ...columns.map((title) => ({ title, most: 40 }))],
    found.map(({ key, cells }) => [
      key,
      ...columns.map((column) =>
        cellText(Object.hasOwn(cells, column) ? cells[column] : undefined),
      ),
    ]),
  );
}

function cellText(cell: ResultRow['cells'][string] | undefined): string {
  if (cell === undefined) return '';
  if (cell.status !== 'done') return `(${cell.status})`;
  return typeof cell.value === 'string' ? cell.value : JSON.stringify(cell.value);
}
