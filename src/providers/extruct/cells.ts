import { byName } from '../../contract/by-name.ts';
import type { Json, JsonObject } from '../../contract/json.ts';
import type { CellStatus, Column } from '../../contract/table.ts';
import type { InputCell, TableCell, TableRow } from '../provider.ts';
import type { RowWire } from './wire.ts';

/** `requested`: queued, maybe waiting for another column of the row. */
const STATUS = new Map<string, CellStatus>([
  ['created', 'pending'],
  ['requested', 'running'],
  ['in_progress', 'running'],
  ['done', 'done'],
  ['failed', 'failed'],
]);

/** Converts a row of `/data`. A cell that is left out was never requested. */
export function rowOf(wire: RowWire, computed: Column[]): TableRow {
  const data = wire.data ?? {};
  return {
    id: wire.id,
    key: wire.metadata?.rowmill_key ?? null,
    cells: byName(
      computed.map(({ key }) => [key, cellOf(Object.hasOwn(data, key) ? data[key] : undefined)]),
    ),
  };
}

/** Converts the input cells of a row; a cell that is left out has no value. */
export function inputsOf({ data }: RowWire, columns: Column[]): Record<string, InputCell> {
  const cells = data ?? {};
  return byName(
    columns
      .filter(({ input }) => input)
      .map(({ key }) => {
        const raw = Object.hasOwn(cells, key) ? (cells[key] ?? null) : null;
        // `{ value, status, updated_at }`, or the value itself as official clients also read.
        const value = isObject(raw) && Object.hasOwn(raw, 'value') ? (raw['value'] ?? null) : raw;
        return [key, { value }] as const;
      }),
  );
}

function cellOf(raw: Json | undefined): TableCell {
  if (raw === undefined || raw === null) return { status: 'pending', rawStatus: '', value: null };
  if (!isObject(raw)) return { status: 'unknown', rawStatus: '', value: raw };
  const rawStatus = textOf(raw['status']) ?? '';
  const status = STATUS.get(rawStatus.toLowerCase()) ?? 'unknown';
  const cell: TableCell = { status, rawStatus, value: raw['value'] ?? null };
  unfold(cell);
  const updatedAt = textOf(raw['updated_at']);
  if (updatedAt !== null) cell.updatedAt = updatedAt;
  // Undocumented, but read if present.
  const reason = textOf(raw['error']) ?? textOf(raw['reason']) ?? textOf(raw['error_message']);
  if (reason !== null) cell.reason = reason;
  return cell;
}

/**
 * Research columns contain `{answer, explanation, sources}` (`source` in 2025), other columns the
 * value itself.
 */
function unfold(cell: TableCell): void {
  const { value } = cell;
  if (!isObject(value) || !Object.hasOwn(value, 'answer')) return;
  cell.value = value['answer'] ?? null;
  const explanation = textOf(value['explanation']);
  if (explanation !== null) cell.explanation = explanation;
  const sources = value['sources'] ?? value['source'] ?? [];
  const list = Array.isArray(sources) ? sources : [sources];
  if (list.length > 0) cell.sources = list;
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
