import type { Json } from '../../contract/json.ts';
import type { RunMode, TableRunRef, TableProgress } from '../../contract/table.ts';
import { RowmillError } from '../../errors.ts';
import type { Sanitize } from '../../http/reason.ts';
import { type CallContext, type RunScope, UnapprovedCells } from '../provider.ts';
import { statusOf } from './cells.ts';
import type { PromptLayerClient, SheetPlace } from './client.ts';
import type { OperationReply, OperationWire, SheetStatusReply } from './wire.ts';

/** Cells of these states are recalculated; an empty list means every one (Create Operation). */
const STATES: Record<RunMode, string[]> = { new: ['STALE'], failed: ['FAILED'], all: [] };

/** A token may be outlived by the sheet, or by its time: it is asked for once more, never for ever. */
const CONFIRMATIONS = 2;

/**
 * Queues a recalculation. Asked back (`requires_confirmation`), it says yes when the cells are no
 * more than were approved; the first request has queued nothing then.
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
      // A token that is over may be asked about anew, or refused: then the question is wanted again.
      if (asked >= CONFIRMATIONS || !isRefused(error)) throw error;
      reply = await api.recalculate(ctx, sheet, scope);
    }
  }
  if (reply.success === false) {
    // Once may be bad luck: it is asked for once more, unless the sheet shows that it was taken.
    const what = quote(reply.message ?? 'refused without a reason');
    throw new RowmillError('request_refused', what, { where: placeOf(sheet), ambiguous: true });
  }
  const operations = idsOf(reply);
  const cells = reply.cell_count ?? reply.virtual_cell_count ?? null;
  if (operations.length === 0 && cells === null && reply.success !== true) {
    // A success that is no operation, as a proxy may answer: the sheet alone shows whether it was taken.
    const what = `answered without an operation: ${quote(reply.message ?? 'without a reason')}`;
    throw new RowmillError('reply_unreadable', what, { where: placeOf(sheet), ambiguous: true });
  }
  return { operations, requestedCells: cellsOf(reply, operations.length > 0) };
}

/** Counts a yes that was taken, or may have been. */
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
  // What is not counted cannot be held against what was approved.
  const what = `the provider asks for a yes and does not say to how many cells, ${approved} were approved`;
  throw new RowmillError('spend_refused', what, { where: placeOf(sheet) });
}

/** Every id that the reply has: which of them are read as operations is not documented. */
const idsOf = ({
  execution_ids: several,
  operation_id,
  execution_id,
}: OperationReply): string[] => [
  ...new Set([...(several ?? []), operation_id, execution_id].filter((id) => id != null)),
];

/**
 * Whether `cell_count` has the cells that were never computed is not documented. Nothing was to be
 * done where it is 0 and nothing was queued.
 */
function cellsOf(
  { cell_count: cells, virtual_cell_count: virtual }: OperationReply,
  queued: boolean,
) {
  if (!queued) return cells ?? null;
  return Math.max(cells ?? 0, virtual ?? 0) || null;
}

/**
 * How the whole sheet stands, apart from so many cells that are nobody's and never run. Cells that
 * were never computed may be in none of its numbers.
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

/** An operation may be listed beside the executions it is made of: then it alone is counted. */
function eachCellOnce(operations: OperationWire[], requestedCells: number | null): OperationWire[] {
  const listed = operations.reduce((total, { cell_count: cells }) => total + cells, 0);
  if (requestedCells === null || listed <= requestedCells) return operations;
  const whole = operations.find(({ cell_count: cells }) => cells === requestedCells);
  return whole === undefined ? operations : [whole];
}

const ENDED: readonly string[] = ['completed', 'failed', 'cancelled', 'canceled'];

/** The word may lag behind the counts: an operation is over by either. */
const isOver = (operation: OperationWire): boolean =>
  ENDED.includes(operation.status.toLowerCase()) ||
  (operation.pending_count === 0 &&
    operation.completed_count + operation.failed_count >= operation.cell_count);

/** How the operations of one run stand, on top of how the table stood before. */
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
