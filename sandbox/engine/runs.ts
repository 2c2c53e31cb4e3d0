import { CREATED, DONE, FAILED, IN_PROGRESS, REQUESTED } from './cells.ts';
import type { RunMode } from './column-config.ts';
import { isExpected, nudge, request, type Asked } from './scheduler.ts';
import { priceOf } from './prices.ts';
import { Problem } from '../http/problem.ts';
import type { Column, Table } from './table.ts';
import type { SandboxState } from './state.ts';

/** Releases stalled cells, which are in progress already: requesting them again may help. */
export function unstick(
  state: SandboxState,
  table: Table,
  slots: readonly number[],
  columns: readonly Column[],
): number {
  if (table.held.size === 0) return 0;
  return nudge(
    state,
    table,
    slots.flatMap((slot) => columns.map((column) => ({ column, slot }))),
  );
}

/** `run: true` on rows: what is new in these rows starts. There is no run to show for it. */
export function runRows(state: SandboxState, table: Table, slots: readonly number[]): void {
  execute(state, table, planOf(table, WANTED.new, slots, table.computed));
}

/** @throws Problem 402, with nothing changed, when the account cannot pay for a single cell */
export function refuseWithoutCredits(state: SandboxState, columns: readonly Column[]): void {
  const prices = columns.map(priceOf);
  const cheapest = Math.min(...prices.filter((price) => price > 0));
  if (cheapest === Infinity || cheapest <= state.credits) return;
  throw new Problem(402, {
    error: 'insufficient_credits',
    message: 'Not enough credits to run this table.',
    available_credits: state.credits,
  });
}

/** Asks for the cells; the status shows it a little later. */
export function execute(state: SandboxState, table: Table, plan: readonly Asked[]): void {
  if (plan.length === 0) return;
  if (state.statusLagMs > 0 && !table.busy) {
    const untilMs = state.atMs + state.statusLagMs * state.clock.speed;
    table.lag = { untilMs, done: table.countOf(DONE) };
  }
  request(state, table, plan);
}

/** States of the cells that a mode asks for. */
export const WANTED: Record<RunMode, ReadonlySet<number>> = {
  new: new Set([CREATED]),
  failed: new Set([FAILED]),
  all: new Set([CREATED, DONE, FAILED]),
};

/**
 * The cells a run really asks for: in one of the states, and with everything upstream done, under
 * way or asked for as well. System columns that are missing upstream are asked for along with
 * them. Cells behind a failed one are left alone.
 */
export function planOf(
  table: Table,
  states: ReadonlySet<number>,
  slots: readonly number[],
  targets: readonly Column[],
  automaticAlong = true,
): Asked[] {
  const targeted = new Set(targets);
  const columns = table.computed.filter(
    (column) =>
      column.config.kind !== 'discovery_scores' && (column.system || targeted.has(column)),
  );
  const plan: Asked[] = [];
  const asked = new Set<Column>();
  for (const slot of slots) {
    asked.clear();
    const wants = (column: Column): boolean =>
      states.has(column.cells.statusAt(slot)) && !isExpected(table, column, slot);
    const wanted = columns.filter((column) => targeted.has(column) && wants(column));
    if (wanted.length === 0) continue;
    const alongside = automaticAlong ? missingSystem(table, wanted, slot) : new Set<Column>();
    for (const column of columns) {
      if (!wanted.includes(column) && !alongside.has(column)) continue;
      if (!canGetReady(table, column, slot, asked)) continue;
      asked.add(column);
      plan.push({ column, slot });
    }
  }
  return plan;
}

function missingSystem(table: Table, wanted: readonly Column[], slot: number): ReadonlySet<Column> {
  const missing = new Set<Column>();
  const collect = ({ upstream }: Column): void => {
    for (const other of upstream) {
      const isMissing = other.cells.statusAt(slot) === CREATED && !isExpected(table, other, slot);
      if (other.system && !missing.has(other) && isMissing) {
        missing.add(other);
        collect(other);
      }
    }
  };
  wanted.forEach(collect);
  return missing;
}

const ON_THE_WAY: ReadonlySet<number> = new Set([REQUESTED, IN_PROGRESS, DONE]);

function canGetReady(
  table: Table,
  column: Column,
  slot: number,
  asked: ReadonlySet<Column>,
): boolean {
  // A profile is made from the input; without one there is nothing to look up.
  if (column.config.kind === 'company_profile' && isBlank(table, slot)) return false;
  return column.upstream.every(
    (other) =>
      asked.has(other) ||
      isExpected(table, other, slot) ||
      ON_THE_WAY.has(other.cells.statusAt(slot)),
  );
}

function isBlank(table: Table, slot: number): boolean {
  const input = table.data[slot]?.['input'] ?? '';
  return typeof input === 'string' && input.trim() === '';
}
