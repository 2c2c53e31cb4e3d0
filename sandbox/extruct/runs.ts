import { CREATED, FAILED } from '../engine/cells.ts';
import type { RunMode } from '../engine/column-config.ts';
import { execute, planOf, refuseWithoutCredits, unstick, WANTED } from '../engine/runs.ts';
import { iso, tableOf, wallMs, type SandboxState } from '../engine/state.ts';
import type { Column, Table } from '../engine/table.ts';
import { Problem } from '../http/problem.ts';
import type { RunOutput } from './wire.ts';

export interface RunRequest {
  tableId: string;
  mode: RunMode;
  /** Ids; `null` = all. */
  rows: string[] | null;
  columns: string[] | null;
}

/** @throws Problem 402, 404, 422 */
export function startRun(state: SandboxState, request: RunRequest): RunOutput {
  const table = tableOf(state, request.tableId);
  const { extruct } = state;
  const named = request.rows === null ? table.live : slotsOf(table, request.rows);
  const slots = extruct.rowScope === 'every row' ? table.live : named;
  const columns = request.columns === null ? table.computed : columnsOf(table, request.columns);
  if (extruct.automaticScope === 'refused' && request.columns !== null) refuseSystem(columns);
  const plan = planOf(table, wantedOf(state, request.mode), slots, columns, extruct.automaticAlong);
  refuseWithoutCredits(state, [...new Set(plan.map(({ column }) => column))]);
  const moved = request.mode === 'failed' ? 0 : unstick(state, table, slots, columns);
  const serial = state.runsMade;
  const run: RunOutput = {
    id: state.runIds.id(serial),
    created_at: iso(wallMs(state)),
    status: 'created',
    rows: request.rows,
    columns: request.columns,
    num_requested_cells: plan.length + moved,
    mode: request.mode,
  };
  execute(state, table, plan);
  state.runsMade = serial + 1;
  state.ledger.ran(table.account, {
    id: run.id,
    tableId: table.id,
    mode: run.mode,
    at: run.created_at,
    requestedCells: plan.length + moved,
    rows: request.rows?.length ?? null,
    columns: request.columns?.length ?? null,
  });
  return run;
}

function wantedOf({ extruct }: SandboxState, mode: RunMode): ReadonlySet<number> {
  if (mode === 'new' && extruct.newTakesFailed) return new Set([CREATED, FAILED]);
  if (mode === 'failed' && !extruct.failedTakesFailed) return new Set();
  return WANTED[mode];
}

/** @throws Problem 422 */
function refuseSystem(columns: readonly Column[]): void {
  const at = columns.flatMap(({ system }, index) => (system ? [index] : []));
  if (at.length === 0) return;
  const msg = 'Column cannot be run by itself';
  throw new Problem(
    422,
    at.map((index) => ({ loc: ['body', 'columns', index], msg, type: 'value_error' })),
  );
}

function slotsOf(table: Table, ids: readonly string[]): number[] {
  const slots = ids.map((id) => table.slotOf(id));
  const wrong = slots.flatMap((slot, at) => (slot === null ? [at] : []));
  if (wrong.length > 0) throw unknownIds('rows', wrong, 'Row');
  return [...new Set(slots.filter((slot) => slot !== null))];
}

function columnsOf(table: Table, ids: readonly string[]): Column[] {
  const columns = ids.map((id) => table.columnOf(id));
  const wrong = columns.flatMap((column, at) => (column === null ? [at] : []));
  if (wrong.length > 0) throw unknownIds('columns', wrong, 'Column');
  return columns.filter((column) => column !== null);
}

const unknownIds = (field: string, at: number[], what: string): Problem =>
  new Problem(
    422,
    at.map((index) => ({
      loc: ['body', field, index],
      msg: `${what} does not exist in this table`,
      type: 'value_error',
    })),
  );
