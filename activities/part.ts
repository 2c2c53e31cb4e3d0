import type { Json } from '../src/contract/json.ts';
import type { CellOutcome, ResultCell } from '../src/contract/results.ts';
import type { Column } from '../src/contract/table.ts';
import type { TableCell, TableRow } from '../src/providers/provider.ts';
import { judgeRow, type CellReading, type CellVerdict } from '../src/rules/cells.ts';

/** A cell without an answer, as a part remembers it. */
export interface PartOpenCell {
  column: string;
  status: CellOutcome;
  reason: string;
  inFlight: boolean;
  startable: boolean;
}

/**
 * One row in a part file, tab-separated: ordinal in the snapshot, row id, the cells of the result
 * line, open cells. JSON text holds no raw tab, so a merge moves text and parses nothing.
 */
export interface PartLine {
  ordinal: number;
  rowId: string;
  /** JSON of `cells` in the result line. */
  cells: string;
  /** JSON array of `PartOpenCell`; empty text when there is none. */
  open: string;
}

export interface JudgedRow {
  line: string;
  outcomes: Map<string, CellVerdict>;
}

export function judgeTableRow(row: TableRow, ordinal: number, columns: Column[]): JudgedRow {
  const readings: Record<string, CellReading> = {};
  for (const { key } of columns) {
    const cell = row.cells[key];
    if (cell !== undefined) readings[key] = { status: cell.status, empty: isEmpty(cell.value) };
  }
  const outcomes = judgeRow(columns, readings);
  const cells: Record<string, ResultCell> = {};
  const open: PartOpenCell[] = [];
  for (const [column, verdict] of outcomes) {
    const cell = row.cells[column];
    cells[column] = resultCell(verdict.outcome, cell);
    if (verdict.outcome !== 'done') open.push(openCell(column, verdict, cell));
  }
  const openText = open.length === 0 ? '' : JSON.stringify(open);
  const line = `${ordinal}\t${JSON.stringify(row.id)}\t${JSON.stringify(cells)}\t${openText}`;
  return { line, outcomes };
}

export function parsePartLine(line: string): PartLine {
  const [ordinal = '', rowId = '', cells = '', open = ''] = line.split('\t');
  return { ordinal: Number(ordinal), rowId, cells, open };
}

/** A text of white space or an empty list is as little an answer as `null`. */
const isEmpty = (value: Json): boolean =>
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0);

function resultCell(outcome: CellOutcome, cell: TableCell | undefined): ResultCell {
  if (cell === undefined) return { status: outcome, value: null };
  return {
    status: outcome,
    value: outcome === 'done' ? cell.value : null,
    ...(cell.explanation === undefined ? {} : { explanation: cell.explanation }),
    ...(cell.sources === undefined ? {} : { sources: cell.sources }),
    ...(cell.updatedAt === undefined ? {} : { updatedAt: cell.updatedAt }),
    ...(cell.usage === undefined ? {} : { usage: cell.usage }),
  };
}

function openCell(column: string, verdict: CellVerdict, cell: TableCell | undefined): PartOpenCell {
  return {
    column,
    status: verdict.outcome,
    reason: reasonOf(verdict, cell),
    inFlight: verdict.inFlight,
    startable: verdict.startable,
  };
}

function reasonOf(verdict: CellVerdict, cell: TableCell | undefined): string {
  switch (verdict.outcome) {
    case 'done':
      return 'done';
    case 'empty':
      return 'done without a value';
    case 'failed':
      return cell?.reason ?? 'failed; the provider gives no reason';
    case 'blocked':
      return `blocked by failed column ${verdict.blockedBy ?? 'upstream'}`;
    case 'pending':
      return verdict.inFlight
        ? `never finished: still ${cell?.rawStatus ?? 'requested'} at the provider`
        : 'never started';
  }
}
