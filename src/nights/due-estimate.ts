import type { AskedCells } from '../contract/ask-reasons.ts';
import type { ResultRow } from '../contract/results.ts';
import { addAsked } from '../rules/cells/cell-set.ts';
import { reasonTonight, type RefreshRules } from '../rules/nights/due-cells.ts';
import type { SnapshotFile } from './compare-rows.ts';

/** Cells that a night would ask for, by what was published last. */
export interface DueEstimate {
  due: AskedCells;
  /** Answers that are kept. */
  kept: number;
}

export interface DueQuestion {
  /** Results that were published last; `null`: none were. */
  results: SnapshotFile | null;
  /** Rows of the source tonight. */
  rows: number;
  /** Computed columns that the pipeline asks for. */
  columns: readonly string[];
  newColumns: ReadonlySet<string>;
  /** Checks whether inputs or config of a cell changed since it was asked for. */
  isOutdated: (key: string, column: string) => boolean;
  vanished: (key: string) => boolean;
  rules: RefreshRules;
  nowMs: number;
  /** Time of answers without a time of their own. */
  publishedAtMs: number | null;
}

/** Counts the cells that are due. The table itself decides: answers may have changed since. */
export async function estimateDue(question: DueQuestion): Promise<DueEstimate> {
  const { results, rows, columns, newColumns, isOutdated, rules, nowMs } = question;
  const due: AskedCells = {};
  let kept = 0;
  let known = 0;
  const lines = results === null ? [] : results.folder.lines(results.name);
  for await (const line of lines) {
    // Written by `mergeParts` in this shape.
    const { key, cells, vanished } = JSON.parse(line) as ResultRow;
    if (vanished === true || question.vanished(key)) continue;
    known += 1;
    for (const column of columns) {
      const cell = Object.hasOwn(cells, column) ? cells[column] : undefined;
      const updatedAtMs = Date.parse(cell?.updatedAt ?? '');
      const reason = reasonTonight(
        {
          column,
          outcome: cell?.status ?? 'pending',
          inFlight: false,
          isNew: newColumns.has(column),
          changed: isOutdated(key, column),
          answeredAtMs: Number.isNaN(updatedAtMs) ? question.publishedAtMs : updatedAtMs,
          vanished: false,
        },
        rules,
        nowMs,
      );
      if (reason !== null) addAsked(due, reason, column);
      else if (cell?.status === 'done' || cell?.status === 'empty') kept += 1;
    }
  }
  const added = Math.max(0, rows - known);
  if (added > 0) for (const column of columns) addAsked(due, 'new', column, added);
  return { due, kept };
}
