import { CREATED, DONE, FAILED, IN_PROGRESS, REQUESTED } from '../engine/cells.ts';
import { between } from '../oracle/seeded.ts';
import type { Json } from '../json.ts';
import { answerOf, rowKey } from '../oracle/expected.ts';
import { iso, type SandboxState } from '../engine/state.ts';
import { CELL_WORDS } from './operations.ts';
import { cellIdOf } from './sheet-cells.ts';
import {
  indexAt,
  isVirtual,
  versionOf,
  type Operation,
  type Sheet,
  type SheetColumn,
  type Workbook,
} from './state.ts';

const WORKSPACE = 7;

export const bookOutput = ({ id, title, folderId, sheets, createdAtMs }: Workbook) => ({
  id,
  workspace_id: WORKSPACE,
  title,
  folder_id: folderId,
  sheet_count: sheets.length,
  created_at: iso(createdAtMs),
  updated_at: iso(createdAtMs),
});

export const bookDetail = (book: Workbook) => ({
  ...bookOutput(book),
  sheet_row_counts: Object.fromEntries(book.sheets.map(({ id, table }) => [id, table.live.length])),
});

export const sheetOutput = (sheet: Sheet) => ({
  id: sheet.id,
  table_id: sheet.book.id,
  workspace_id: WORKSPACE,
  title: sheet.title,
  index: sheet.book.sheets.indexOf(sheet),
  row_count: sheet.table.live.length,
  version_count: versionOf(sheet),
  created_at: iso(sheet.table.createdAtMs),
  updated_at: iso(sheet.table.updatedAtMs),
});

export const columnOutput = (sheet: Sheet, { column, title, type, config }: SheetColumn) => ({
  id: column.id,
  sheet_id: sheet.id,
  workspace_id: WORKSPACE,
  title,
  type,
  config,
  position_rank: column.serial + 1,
  is_output_column: type !== 'TEXT',
});

export const rowOutput = (state: SandboxState, sheet: Sheet, place: number) => ({
  row_index: indexAt(state.promptLayer, sheet, place),
  cells: Object.fromEntries(
    sheet.columns
      .filter(({ column, type }) => type === 'TEXT' || !isVirtualAt(state, sheet, column, place))
      .map((column) => [column.column.id, cellOutput(state, sheet, column, place)]),
  ),
});

const isVirtualAt = (
  { promptLayer }: SandboxState,
  { table }: Sheet,
  column: SheetColumn['column'],
  place: number,
): boolean => isVirtual(promptLayer, column, table.live[place] ?? -1);

/** Words in rows, which follow the cell's schema, not that of operations. */
const ROW_WORDS = ['stale', 'queued', 'running', 'completed', 'error'] as const;

export function cellOutput(state: SandboxState, sheet: Sheet, one: SheetColumn, place: number) {
  const { column, type } = one;
  const { table } = sheet;
  const slot = table.live[place] ?? -1;
  const data = table.data[slot] ?? {};
  const status = type === 'TEXT' ? DONE : column.cells.statusAt(slot);
  const frozen = column.cells.frozen.get(slot) ?? null;
  // A stale cell still shows the answer that it had.
  const value =
    status === DONE ? (frozen ?? valueOf(state, sheet, column, slot)) : stale(status, frozen);
  const textAtMs = table.rowChangedAtMs.get(slot) ?? table.rowCreatedAtMs[slot];
  const atMs = (type === 'TEXT' ? textAtMs : column.cells.updatedAtMs[slot]) ?? 0;
  const wrapped = state.promptLayer.options.values === 'wrapped';
  const shown = value === null ? null : typeof value === 'string' ? value : JSON.stringify(value);
  return {
    id: cellIdOf(state, sheet, one, slot),
    sheet_id: sheet.id,
    column_id: column.id,
    row_index: indexAt(state.promptLayer, sheet, place),
    status: (state.promptLayer.options.rowWords === 'upper' ? CELL_WORDS : ROW_WORDS)[status],
    display_value: shown,
    error: null,
    input_hash: null,
    value: value !== null && wrapped ? { value } : value,
    updated_at: atMs === 0 ? null : iso(atMs),
    execution_id: null,
    last_computed_version: null,
    error_message: status === FAILED ? `The model gave no answer for ${rowKey(data)}` : null,
    request_metrics:
      type === 'PROMPT_TEMPLATE' && (status === DONE || status === FAILED)
        ? metricsOf(state, rowKey(data), column.config.key)
        : null,
  };
}

const stale = (status: number, frozen: Json): Json => (status === CREATED ? frozen : null);

function valueOf(
  state: SandboxState,
  { table }: Sheet,
  column: SheetColumn['column'],
  slot: number,
): Json {
  const data = table.data[slot] ?? {};
  const setting = { kind: table.kind, data, columns: table.configs };
  return answerOf(state.oracle, setting, column.config);
}

/** Made up, the same for the same row and column. */
function metricsOf({ oracle }: SandboxState, word: string, key: string) {
  const tokens = (what: string, min: number, max: number): number =>
    between(min, max, oracle.seed, 'tokens', what, word, key);
  const input = tokens('input', 80, 200);
  const output = tokens('output', 5, 60);
  return {
    request_count: 1,
    request_ids: [],
    latency_ms: tokens('ms', 400, 3_000),
    price: (input * 2 + output * 8) / 1_000_000,
    input_tokens: input,
    output_tokens: output,
  };
}

type Counts = Record<(typeof CELL_WORDS)[number], number>;

const none = (): Counts => ({ STALE: 0, QUEUED: 0, RUNNING: 0, COMPLETED: 0, FAILED: 0 });

export function operationOutput({ id, sheet, cells, cancelled }: Operation) {
  const counts = none();
  for (const { column, slot } of cells) {
    counts[CELL_WORDS[column.cells.statusAt(slot)] ?? 'STALE'] += 1;
  }
  const pending = counts.QUEUED + counts.RUNNING;
  const ended = counts.FAILED === cells.length ? 'failed' : 'completed';
  return {
    operation_id: id,
    operation: 'recalculate',
    status: pending > 0 ? 'running' : cancelled ? 'cancelled' : ended,
    status_counts: counts,
    cell_count: cells.length,
    completed_count: counts.COMPLETED,
    failed_count: counts.FAILED,
    pending_count: pending,
    status_url: statusUrl(sheet, id),
  };
}

export const statusUrl = (sheet: Sheet, operationId: string): string =>
  `/api/public/v2/tables/${sheet.book.id}/sheets/${sheet.id}/operations/${operationId}`;

/** Right after an operation was queued the sheet still shows how it stood before. */
export function sheetStatus(state: SandboxState, sheet: Sheet) {
  const { table } = sheet;
  const lag = table.lag !== null && state.atMs < table.lag.untilMs ? table.lag : null;
  const counts = none();
  const virtual = virtualCells(state, sheet);
  const total = table.live.length * table.computed.length - virtual;
  for (const [state, word] of CELL_WORDS.entries()) counts[word] = table.countOf(state);
  counts.STALE -= virtual;
  const shown =
    lag === null
      ? counts
      : { ...none(), COMPLETED: lag.done, STALE: Math.max(0, total - lag.done) };
  const pending = shown.QUEUED + shown.RUNNING;
  const active =
    lag !== null || pending === 0
      ? []
      : [...state.promptLayer.operations.values()].filter(
          (one) => one.sheet === sheet && isActive(one),
        );
  return {
    success: true,
    sheet_id: sheet.id,
    version: versionOf(sheet),
    total_cells: total,
    status_counts: shown,
    pending_count: pending,
    active_operations: active.map(operationOutput),
  };
}

function virtualCells({ promptLayer }: SandboxState, { table }: Sheet): number {
  if (promptLayer.options.neverComputed === 'stale') return 0;
  return table.computed.reduce(
    (sum, column) => sum + table.live.filter((slot) => isVirtual(promptLayer, column, slot)).length,
    0,
  );
}

const isActive = ({ cells }: Operation): boolean =>
  cells.some(({ column, slot }) => {
    const status = column.cells.statusAt(slot);
    return status === REQUESTED || status === IN_PROGRESS;
  });
