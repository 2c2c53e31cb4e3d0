import type { Json } from '../../contract/json.ts';
import type { RunMode, TableRunRef, TableProgress } from '../../contract/table.ts';
import { RowmillError } from '../../errors.ts';
import type { Sanitize } from '../../http/sanitize.ts';
import { type CallContext, type RunScope, UnapprovedCells } from '../provider.ts';
import { statusOf } from './cells.ts';
import type { PromptLayerClient, SheetPlace } from './client.ts';
import type { OperationReply, OperationWire, SheetStatusReply } from './wire.ts';

/** States of the cells to recalculate; an empty list means all (Create Operation). */
const STATES: Record<RunMode, string[]> = { new: ['STALE'], failed: ['FAILED'], all: [] };

/**
 * Maximum number of confirmations: a token may expire, or become outdated when the sheet changes.
 */
const CONFIRMATIONS = 2;

/**
 * Queues a recalculation. When the API asks for confirmation (`requires_confirmation`), confirms if
 * the cells are within the approval. Until then nothing is queued.
 */
export async function startOperation(
  api: PromptLayerClient,
  sheet: SheetPlace,
  { mode, columnIds, rowIds, whole, maxCells }: RunScope,
  ctx: CallContext,
  quote: Sanitize,
): Promise<TableRunRef> {
  const scope: Record<string, Json> = {
    ...(whole === true ? {} : { column_ids: columnIds }),
    statuses: STATES[mode],
    ...(rowIds === undefined ? {} : { row_ids: rowIds.map(Number) }),
  };
  let reply = await api.recalculate(ctx, sheet, scope);
  for (let asked = 1; reply.requires_confirmation === true; asked += 1) {
    const { token, cells } = questionIn(sheet, reply, maxCells, asked);
    const yes = { ...scope, confirmation_token: token };
    try {
      reply = await counted(ctx, cells, () => api.recalculate(ctx, sheet, yes));
    } catch (error) {
      // An expired token leads to another question or a refusal; after a refusal, ask for a new
      // question.
      if (asked >= CONFIRMATIONS || !isRefused(error)) throw error;
      reply = await api.recalculate(ctx, sheet, scope);
    }
  }
  if (reply.success === false) {
    // Retries one refusal, unless the sheet shows that the request was accepted.
    const what = quote(reply.message ?? 'refused without a reason');
    throw new RowmillError('request_refused', what, { where: placeOf(sheet), ambiguous: true });
  }
  const operations = idsOf(reply);
  const cells = reply.cell_count ?? reply.virtual_cell_count ?? null;
  if (operations.length === 0 && cells === null && reply.success !== true) {
    // Success without an operation, as a proxy may send: only the sheet shows whether it was
    // accepted.
    const what = `answered without an operation: ${quote(reply.message ?? 'without a reason')}`;
    throw new RowmillError('reply_unreadable', what, { where: placeOf(sheet), ambiguous: true });
  }
  return { operations, requestedCells: cellsOf(reply, operations.length > 0) };
}

/** Counts a confirmation that was accepted, or may have been. */
async function counted(
  { onConfirmed }: CallContext,
  cells: number,
  sayYes: () => Promise<OperationReply>,
): Promise<OperationReply> {
  try {
    const reply = await sayYes();
    if (reply.requires_confirmation !== true) onConfirmed?.(cells);
    return reply;
  } catch (error) {
    if (error instanceof RowmillError && error.ambiguous) onConfirmed?.(cells);
    throw error;
  }
}

const isRefused = (error: unknown): boolean =>
  error instanceof RowmillError && error.code === 'request_refused';

const placeOf = ({ tableId, sheetId }: SheetPlace): string =>
  `POST /api/public/v2/tables/${tableId}/sheets/${sheetId}/operations`;

const refusal = (sheet: SheetPlace, what: string): RowmillError =>
  new RowmillError('request_refused', what, { where: placeOf(sheet) });

function questionIn(
  sheet: SheetPlace,
  reply: OperationReply,
  maxCells: number | undefined,
  asked: number,
): { token: string; cells: number } {
  const { confirmation_token: token, affected_cell_count: cells } = reply;
  if (typeof token !== 'string' || asked > CONFIRMATIONS) {
    throw refusal(sheet, 'asked for a confirmation that cannot be given');
  }
  const approved = maxCells ?? 0;
  if (typeof cells === 'number' && cells <= approved) return { token, cells };
  if (typeof cells === 'number') throw new UnapprovedCells(cells, approved, placeOf(sheet));
  // An unknown number of cells cannot be compared with the approval.
  const what = `the provider asks for a yes and does not say to how many cells, ${approved} were approved`;
  throw new RowmillError('spend_refused', what, { where: placeOf(sheet) });
}

/** Returns every id in the reply; which of them can be read as operations is not documented. */
const idsOf = ({
  execution_ids: several,
  operation_id,
  execution_id,
}: OperationReply): string[] => [
  ...new Set([...(several ?? []), operation_id, execution_id].filter((id) => id != null)),
];

/**
 * Returns the number of queued cells. Whether `cell_count` includes never computed cells is not
 * documented. 0 without an operation means that there was nothing to do.
 */
function cellsOf(
  { cell_count: cells, virtual_cell_count: virtual }: OperationReply,
  queued: boolean,
) {
  if (!queued) return cells ?? null;
  return Math.max(cells ?? 0, virtual ?? 0) || null;
}

/**
 * Converts the status of the whole sheet, less the cells of blank rows, which are never run. No
 * count may include cells that were never computed.
 */
export function sheetProgress(status: SheetStatusReply, blankCells: number): TableProgress {
  const counts = { done: 0, failed: 0 };
  for (const [word, count] of Object.entries(status.status_counts)) {
    const known = statusOf(word);
    if (known === 'done' || known === 'failed') counts[known] += count;
  }
  return {
    rows: null,
    running: status.pending_count > 0 || (status.active_operations ?? []).length > 0,
    cellsTotal: Math.max(0, status.total_cells - blankCells),
    cellsDone: counts.done,
    cellsInProgress: status.pending_count,
    cellsFailed: counts.failed,
  };
}

/** Counts an operation alone if it is listed beside the executions it consists of. */
function eachCellOnce(operations: OperationWire[], requestedCells: number | null): OperationWire[] {
  const listed = operations.reduce((total, { cell_count: cells }) => total + cells, 0);
  if (requestedCells === null || listed <= requestedCells) return operations;
  const whole = operations.find(({ cell_count: cells }) => cells === requestedCells);
  return whole === undefined ? operations : [whole];
}

const ENDED: readonly string[] = ['completed', 'failed', 'cancelled', 'canceled'];

/** Treats an operation as over by its status or its counts: the status may lag. */
const isOver = (operation: OperationWire): boolean =>
  ENDED.includes(operation.status.toLowerCase()) ||
  (operation.pending_count === 0 &&
    operation.completed_count + operation.failed_count >= operation.cell_count);

/** Converts the status of one run's operations, relative to the table before the run. */
export function runProgress(
  operations: OperationWire[],
  before: NonNullable<TableRunRef['before']>,
  requestedCells: number | null = null,
): TableProgress {
  const counted = eachCellOnce(operations, requestedCells);
  const sum = (of: (operation: OperationWire) => number): number =>
    counted.reduce((total, operation) => total + of(operation), 0);
  const done = before.cellsDone + sum((one) => one.completed_count);
  return {
    rows: null,
    running: !operations.every(isOver),
    cellsTotal: before.cellsTotal,
    // Recalculated cells were done before.
    cellsDone: Math.min(done, Math.max(before.cellsTotal, before.cellsDone)),
    cellsInProgress: sum((one) => (isOver(one) ? 0 : one.pending_count)),
    cellsFailed: sum((one) => one.failed_count),
  };
}
