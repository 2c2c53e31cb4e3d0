import type { ResultRow } from '../contract/results.ts';
import type { ResultColumns } from '../sinks/sink.ts';
import { readColumns, SourceColumns } from '../sources/source-columns.ts';
import type { Folder } from '../store/store.ts';

/** Rows looked at for their inputs: optional ones may be missing in the first. */
const ROWS_LOOKED_AT = 1_000;

/** Columns of a run's results as the rows themselves show: the pipeline file may have changed. */
export async function resultColumns(folder: Folder, name: string): Promise<ResultColumns> {
  const inputs = new Set<string>();
  const columns = new Set<string>();
  const kept = await readColumns(folder);
  const source = new SourceColumns();
  let rows = 0;
  for await (const line of folder.lines(name)) {
    // Written by the run as a ResultRow; damage is reported when the rows are written.
    const row = JSON.parse(line) as Partial<ResultRow>;
    for (const input of Object.keys(row.input ?? {})) inputs.add(input);
    for (const column of Object.keys(row.cells ?? {})) columns.add(column);
    source.see(row);
    if ((rows += 1) === ROWS_LOOKED_AT) break;
  }
  return { inputs: [...inputs], columns: [...columns], source: kept ?? source.names };
}
