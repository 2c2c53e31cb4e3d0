import { CREATED, DONE, FAILED, IN_PROGRESS, REQUESTED } from '../engine/cells.ts';
import { cancelCell, type Asked } from '../engine/scheduler.ts';
import { hash32 } from '../oracle/seeded.ts';
import { execute, unstick, planOf, refuseWithoutCredits } from '../engine/runs.ts';
import { iso, wallMs, type SandboxState } from '../engine/state.ts';
import { refused, sheetOf } from './find.ts';
import { isVirtual, slotAt, type Operation, type Sheet } from './state.ts';

/** The words of the operations' schema for each state of a cell. */
export const CELL_WORDS = ['STALE', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED'] as const;

const STATES: Record<string, number> = {
  STALE: CREATED,
  QUEUED: REQUESTED,
  DISPATCHED: IN_PROGRESS,
  RUNNING: IN_PROGRESS,
  COMPLETED: DONE,
  FAILED: FAILED,
};

export interface OperationRequest {
  bookId: string;
  sheetId: string;
  columnIds: string[] | null;
  /** Indices. */
  rows: number[] | null;
  /** `[]` = every one. */
  statuses: string[];
  token: string | null;
}

export type Started =
  | { end: 'queued'; sheet: Sheet; operations: Operation[]; cells: number; virtual: number }
  | { end: 'nothing to do' }
  | { end: 'confirm'; token: string; cells: number };

/** @throws Problem 400, 402, 404 */
export function startOperation(state: SandboxState, request: OperationRequest): Started {
  const sheet = sheetOf(state, request.bookId, request.sheetId);
  const { table } = sheet;
  const wanted = wantedOf(request);
  const slots = slotsOf(state, sheet, request);
  const columns = columnsOf(sheet, request);
  const plan = planOf(table, wanted, slots, columns);
  if (plan.length === 0) {
    if (wanted.has(CREATED)) unstick(state, table, slots, columns);
    return { end: 'nothing to do' };
  }
  const { options } = state.promptLayer;
  const affected = plan.length + options.confirmAlso;
  if (plan.length > options.confirmAbove && !isConfirmed(state, sheet, request, affected)) {
    return { end: 'confirm', token: ask(state, sheet, request, affected), cells: affected };
  }
  const virtual = plan.filter(({ column, slot }) =>
    isVirtual(state.promptLayer, column, slot),
  ).length;
  refuseWithoutCredits(state, [...new Set(plan.map(({ column }) => column))]);
  if (wanted.has(CREATED)) unstick(state, table, slots, columns);
  execute(state, table, plan);
  sheet.edits += 1;
  const operations: Operation[] = [];
  for (let from = 0; from < plan.length; from += options.cellsPerExecution) {
    operations.push(
      keepOperation(state, sheet, plan.slice(from, from + options.cellsPerExecution)),
    );
  }
  state.ledger.ran(table.account, {
    id: operations[0]?.id ?? '',
    tableId: table.id,
    mode: request.statuses.join(',') || 'all',
    at: iso(wallMs(state)),
    requestedCells: plan.length,
    rows: request.rows?.length ?? null,
    columns: request.columnIds?.length ?? null,
  });
  return { end: 'queued', sheet, operations, cells: plan.length - virtual, virtual };
}

export function keepOperation(
  { promptLayer }: SandboxState,
  sheet: Sheet,
  cells: readonly Asked[],
): Operation {
  const id = promptLayer.operationIds.id(promptLayer.operationsMade);
  promptLayer.operationsMade += 1;
  const operation = { id, sheet, cells, cancelled: false };
  promptLayer.operations.set(id, operation);
  return operation;
}

const scopeOf = ({ id }: Sheet, { columnIds, rows, statuses }: OperationRequest): string =>
  JSON.stringify([id, columnIds, rows, statuses]);

function ask(state: SandboxState, sheet: Sheet, request: OperationRequest, cells: number): string {
  const { promptLayer, nonce, atMs } = state;
  const token = `confirm-${hash32(nonce, (promptLayer.questionsAsked += 1)).toString(16)}`;
  promptLayer.questions.set(token, { scope: scopeOf(sheet, request), cells, askedAtMs: atMs });
  return token;
}

/** A token is used up by the operation that it confirms. @throws Problem 400 */
function isConfirmed(
  state: SandboxState,
  sheet: Sheet,
  request: OperationRequest,
  cells: number,
): boolean {
  if (request.token === null) return false;
  const { questions, options } = state.promptLayer;
  const question = questions.get(request.token);
  const good =
    question?.scope === scopeOf(sheet, request) &&
    question.cells === cells &&
    state.atMs < question.askedAtMs + options.tokenLastsMs;
  if (good) questions.delete(request.token);
  else if (options.tokenOver === 'refusal') throw refused('Invalid or expired confirmation token');
  return good;
}

function wantedOf({ statuses }: OperationRequest): ReadonlySet<number> {
  const words = statuses.length === 0 ? Object.keys(STATES) : statuses;
  const states = words.map((word) => STATES[word]);
  if (states.includes(undefined)) throw refused(`Invalid status in: ${words.join(', ')}`);
  // Cells in progress are not requested twice.
  const inFlight: readonly unknown[] = [REQUESTED, IN_PROGRESS];
  return new Set(
    states.filter((state) => state !== undefined).filter((state) => !inFlight.includes(state)),
  );
}

function slotsOf(
  { promptLayer }: SandboxState,
  sheet: Sheet,
  { rows }: OperationRequest,
): number[] {
  if (rows === null || promptLayer.options.rowScope === 'every row') return sheet.table.live;
  const slots = rows.map((index) => slotAt(promptLayer, sheet, index));
  if (slots.includes(undefined)) throw refused('Row index out of range');
  return [...new Set(slots.filter((slot) => slot !== undefined))];
}

function columnsOf({ table }: Sheet, { columnIds }: OperationRequest) {
  if (columnIds === null) return table.computed;
  return columnIds.map((id) => {
    const column = table.columnOf(id);
    if (column === null) throw refused(`Unknown column: ${id}`);
    if (!column.computed) throw refused('Text columns cannot be recalculated');
    return column;
  });
}

export interface CancelRequest {
  bookId: string;
  sheetId: string;
  operationId: string;
}

/**
 * Cancels an operation with its running cells (`running_invalidated_count`). An unknown id cancels
 * nothing.
 */
export function cancelOperation(
  state: SandboxState,
  request: CancelRequest,
): { waiting: number; running: number } {
  const sheet = sheetOf(state, request.bookId, request.sheetId);
  const operation = state.promptLayer.operations.get(request.operationId);
  const nothing = { waiting: 0, running: 0 };
  if (operation?.sheet !== sheet || operation.cancelled) return nothing;
  const taken = cancelCell(state, sheet.table, operation.cells);
  if (taken.waiting + taken.running === 0) return nothing;
  operation.cancelled = true;
  sheet.edits += 1;
  return taken;
}
