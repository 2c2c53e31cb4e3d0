import { byName } from '../../contract/by-name.ts';
import type { Json } from '../../contract/json.ts';
import type { CellUsage } from '../../contract/results.ts';
import type { CellStatus, Column } from '../../contract/table.ts';
import type { Sanitize } from '../../http/sanitize.ts';
import { objectOf } from '../fields.ts';
import type { InputCell, TableCell, TableRow } from '../provider.ts';
import type { CellWire, RowWire } from './wire.ts';

/**
 * Covers both vocabularies: lower case in the reference of rows, upper case in that of operations.
 * `stale`: never computed, or computed from older inputs. A cancelled or skipped cell is not paid.
 */
const STATUS = new Map<string, CellStatus>([
  ['stale', 'pending'],
  ['cancelled', 'pending'],
  ['canceled', 'pending'],
  ['skipped', 'pending'],
  ['pending', 'running'],
  ['queued', 'running'],
  ['dispatched', 'running'],
  ['running', 'running'],
  ['completed', 'done'],
  ['failed', 'failed'],
  ['error', 'failed'],
]);

export const statusOf = (word: string): CellStatus => STATUS.get(word.toLowerCase()) ?? 'unknown';

/** Converts a row of a page. The row index is its id, and a text cell has its key. */
export function rowOf(
  wire: RowWire,
  computed: Column[],
  keyColumnId: string,
  quote: Sanitize,
): TableRow {
  const cells = wire.cells ?? byName<CellWire>();
  return {
    id: String(wire.row_index),
    key: textOf(cells[keyColumnId]),
    cells: byName(computed.map(({ id, key }) => [key, cellOf(cells[id], quote)])),
  };
}

/** Converts the text cells of a row, without the one of the key. */
export function inputsOf(
  { cells }: RowWire,
  columns: Column[],
  keyColumnId: string,
): Record<string, InputCell> {
  return byName(
    columns
      .filter(({ id, input }) => input && id !== keyColumnId)
      .map(({ id, key }) => {
        const cell = cells?.[id];
        const value = textOf(cell);
        return [key, cell?.id == null ? { value } : { value, id: cell.id }] as const;
      }),
  );
}

/** Returns the text of a cell; `null` without one. */
export function textOf(cell: CellWire | undefined): string | null {
  const value = plain(cell?.value);
  const text = typeof value === 'string' ? value : cell?.display_value;
  return text === undefined || text === null || text === '' ? null : text;
}

/** Unwraps an object with only a `value`, as official clients do. */
function plain(value: Json | undefined): Json {
  const { value: inner, ...more } = objectOf(value);
  return inner !== undefined && Object.keys(more).length === 0 ? inner : (value ?? null);
}

/** Maximum length of a reason: some errors quote the request or a page of the reply. */
const MAX_REASON_CHARS = 1_000;

function cellOf(wire: CellWire | undefined, quote: Sanitize): TableCell {
  const rawStatus = wire?.status ?? '';
  if (wire === undefined || rawStatus === '') return { status: 'pending', rawStatus, value: null };
  const cell: TableCell = {
    status: statusOf(rawStatus),
    rawStatus,
    value: plain(wire.value) ?? wire.display_value ?? null,
  };
  if (wire.updated_at) cell.updatedAt = wire.updated_at;
  const reason = wire.error_message || wire.error;
  if (reason) cell.reason = quote(reason, MAX_REASON_CHARS);
  const usage = usageOf(wire);
  if (usage !== null) cell.usage = usage;
  return cell;
}

function usageOf({ request_metrics: metrics }: CellWire): CellUsage | null {
  if (metrics === undefined || metrics === null) return null;
  return {
    requests: metrics.request_count ?? 0,
    price: metrics.price ?? 0,
    inputTokens: metrics.input_tokens ?? 0,
    outputTokens: metrics.output_tokens ?? 0,
    ...(typeof metrics.price === 'number' ? {} : { unpriced: 1 }),
  };
}
