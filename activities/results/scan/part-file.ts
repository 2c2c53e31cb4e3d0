import { byName } from '../../../src/contract/by-name.ts';
import type { Json } from '../../../src/contract/json.ts';
import { wellFormedText } from '../../../src/contract/well-formed.ts';
import type { CellOutcome, ResultCell } from '../../../src/contract/results.ts';
import type { Column } from '../../../src/contract/table.ts';
import type { TableCell, TableRow } from '../../../src/providers/provider.ts';
import { isBlank } from '../../../src/sources/rows/blank.ts';
import { refusedPart } from '../../run-files/refused-rows.ts';
import {
  classifyCells,
  oursOf,
  SKIPPED,
  type CellReading,
  type CellVerdict,
  type RowConditions,
} from '../../../src/rules/cells/cells.ts';

/** A cell without an answer, as a part remembers it. */
export interface PartOpenCell {
  column: string;
  status: CellOutcome;
  reason: string;
  inFlight: boolean;
  startable: boolean;
  /** Set where it is not known whether the conditions of the cell hold. */
  undecided?: true;
  /** Failed column that a blocked cell waits for. */
  blockedBy?: string;
  /** Time of the failure, if the provider reports it. */
  failedAt?: string;
}

/**
 * Row in a part file, tab-separated: ordinal in the snapshot, row id, cells of the result line,
 * open cells. JSON text contains no raw tab, so a merge moves text without parsing it.
 */
export interface PartLine {
  ordinal: number;
  rowId: string;
  /** JSON of `cells` in the result line. */
  cells: string;
  /** JSON array of `PartOpenCell`; empty text when there is none. */
  open: string;
}

export interface ClassifiedRow {
  line: string;
  outcomes: Map<string, CellVerdict>;
  /** Cells of columns that the provider adds by itself. */
  automatic: { done: number; failed: number };
  /** Number of pending cells that wait for a column the provider added. */
  behindAutomatic: number;
}

export function classifyTableRow(
  row: TableRow,
  ordinal: number,
  columns: Column[],
  { conditions = null, isReleased = true, hasVanished = false }: RowContext = {},
): ClassifiedRow {
  const verdicts = verdictsOf(row, columns, conditions);
  if (!isReleased) withhold(verdicts);
  if (hasVanished) passOver(verdicts);
  const outcomes = oursOf(columns, verdicts);
  const cells = byName<ResultCell>();
  const open: PartOpenCell[] = [];
  for (const [column, verdict] of outcomes) {
    const cell = row.cells[column];
    cells[column] = resultCell(verdict.outcome, cell);
    if (verdict.outcome !== 'done') open.push(openCell(column, verdict, cell));
  }
  const openText = open.length === 0 ? '' : JSON.stringify(open);
  const line = `${ordinal}\t${JSON.stringify(row.id)}\t${JSON.stringify(cells)}\t${openText}`;
  const automatic = { done: 0, failed: 0 };
  for (const [key, { outcome }] of verdicts) {
    if (outcomes.has(key)) continue;
    if (outcome === 'done' || outcome === 'empty') automatic.done += 1;
    if (outcome === 'failed') automatic.failed += 1;
  }
  let behindAutomatic = 0;
  for (const { waitsFor } of outcomes.values()) {
    if (waitsFor !== null && !outcomes.has(waitsFor)) behindAutomatic += 1;
  }
  return { line, outcomes, automatic, behindAutomatic };
}

/** Facts beside its cells that decide which cells of a row are asked for. */
export interface RowContext {
  conditions?: GivenConditions | null;
  /** False while only the canary is asked for, and the row is none of it. @default true */
  isReleased?: boolean;
  /** True if the row has left the source: nothing is asked for. @default false */
  hasVanished?: boolean;
}

/** Cells without an answer, of a row that left the source, are skipped: no pass asks for them. */
function passOver(verdicts: Map<string, CellVerdict>): void {
  for (const [key, verdict] of verdicts) {
    const { outcome, inFlight } = verdict;
    if (outcome === 'done' || outcome === 'empty' || inFlight) continue;
    verdicts.set(key, SKIPPED);
  }
}

/** Marks cells that have not begun: whether they are asked for is not decided. */
function withhold(verdicts: Map<string, CellVerdict>): void {
  for (const [key, verdict] of verdicts) {
    if (verdict.outcome !== 'pending' || verdict.inFlight) continue;
    verdicts.set(key, { ...verdict, startable: false, waitsFor: null, undecided: true });
  }
}

/** Conditions of the columns, and the fields of a row that they may name. */
export type GivenConditions = Pick<RowConditions, 'conditions' | 'field'>;

function verdictsOf(
  row: TableRow,
  columns: Column[],
  given: GivenConditions | null = null,
): Map<string, CellVerdict> {
  const readings = byName<CellReading>();
  for (const { key } of columns) {
    const cell = row.cells[key];
    if (cell !== undefined) readings[key] = { status: cell.status, empty: isEmpty(cell.value) };
  }
  if (given === null) return classifyCells(columns, readings);
  const answer = (column: string): Json => row.cells[column]?.value ?? null;
  return classifyCells(columns, readings, { ...given, answer });
}

/** Cells of our columns without an answer. */
export function openCellsOf(row: TableRow, columns: Column[]): PartOpenCell[] {
  const open: PartOpenCell[] = [];
  for (const [column, verdict] of oursOf(columns, verdictsOf(row, columns))) {
    if (verdict.outcome !== 'done') open.push(openCell(column, verdict, row.cells[column]));
  }
  return open;
}

/**
 * The line of a row that no page could be read with. Whether its cells are done is not known: nothing is
 * asked for.
 */
export function unreadableRow(ordinal: number, columns: readonly Column[], why: string): string {
  const ours = columns.filter(({ ours, input }) => ours && !input);
  return refusedPart(ordinal, `the row cannot be read: ${why}`, ours);
}

export function parsePartLine(line: string): PartLine {
  const [ordinal = '', rowId = '', cells = '', open = ''] = line.split('\t');
  return { ordinal: Number(ordinal), rowId, cells, open };
}

/** A text that shows nothing, or an empty list, is as little an answer as `null`. */
const isEmpty = (value: Json): boolean =>
  value === null ||
  (typeof value === 'string' && isBlank(value)) ||
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
    // The text may have been cut inside a character.
    reason: wellFormedText(reasonOf(verdict, cell)),
    inFlight: verdict.inFlight,
    startable: verdict.startable,
    ...(verdict.undecided === true ? { undecided: true } : {}),
    ...(verdict.blockedBy === null ? {} : { blockedBy: verdict.blockedBy }),
    ...(verdict.outcome !== 'failed' || cell?.updatedAt === undefined
      ? {}
      : { failedAt: cell.updatedAt }),
  };
}

function reasonOf(verdict: CellVerdict, cell: TableCell | undefined): string {
  switch (verdict.outcome) {
    case 'done':
      return 'done';
    case 'skipped':
      return 'not asked for: its conditions do not hold, or its row left the source';
    case 'empty':
      return 'done without a value';
    case 'failed':
      return cell?.reason ?? 'failed; the provider gives no reason';
    case 'blocked':
      return `blocked by failed column ${verdict.blockedBy ?? 'upstream'}`;
    case 'pending':
      return verdict.inFlight
        ? `never finished: still ${cell?.rawStatus ?? 'requested'} at the provider`
        : neverStarted(verdict);
  }
}

const neverStarted = ({ waitsFor, undecided }: CellVerdict): string =>
  waitsFor === null
    ? undecided === true
      ? 'never asked for: its row comes after the canary'
      : 'never started, though nothing that it waits for is missing'
    : `never started: column ${waitsFor} never finished`;
