import type { ResultRow } from '../src/contract/results.ts';

import type { TableRef } from '../src/contract/table.ts';
import type { Page, Provider } from '../src/providers/provider.ts';
import type { Folder } from '../src/store/store.ts';
import { RESULTS_FILE } from './merge-parts.ts';
import { readPatiently } from './reading.ts';
import type { Step } from './step.ts';

/**
 * Whether a rerun of failed cells has been carried out since the last sweep: one of them has another
 * status, or another time of change, than it had then. A rerun whose cells all fail again is over
 * without a trace in the counts, so the status alone cannot tell. Stops at the first such cell;
 * `false` where cells carry no times.
 */
export async function rerunLeftTraces<D>(
  provider: Provider,
  table: TableRef,
  folder: Folder,
  step: Step<D>,
): Promise<boolean> {
  const failed = await failedCells(folder);
  if (failed.size === 0) return false;
  let cursor: string | null = null;
  do {
    const at: string | null = cursor;
    const page: Page = await readPatiently(step, () => provider.page(table, at, step.ctx));
    for (const { id, cells } of page.rows) {
      for (const [column, { status, updatedAt }] of Object.entries(cells)) {
        const seen = failed.get(nameOf(id, column));
        if (seen !== undefined && (status !== 'failed' || seen !== (updatedAt ?? ''))) return true;
      }
    }
    cursor = page.next;
  } while (cursor !== null);
  return false;
}

const nameOf = (rowId: string, column: string): string => `${rowId}\n${column}`;

/** Cells that the last sweep found failed, and when they had changed last. */
async function failedCells(folder: Folder): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>();
  if (!(await folder.exists(RESULTS_FILE))) return failed;
  for await (const line of folder.lines(RESULTS_FILE)) {
    if (!line.includes('"status":"failed"')) continue;
    // Written by collectResults in this shape.
    const { rowId, cells } = JSON.parse(line) as ResultRow;
    for (const [column, { status, updatedAt }] of Object.entries(cells)) {
      if (status === 'failed') failed.set(nameOf(rowId, column), updatedAt ?? '');
    }
  }
  return failed;
}
