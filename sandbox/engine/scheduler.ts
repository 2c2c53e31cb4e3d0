import { bump, CREATED, DONE, FAILED, IN_PROGRESS, REQUESTED } from './cells.ts';
import type { JsonObject } from '../json.ts';
import { addFoundPeople } from './people-finder.ts';
import { durationMs, priceOf } from './prices.ts';
import type { WaveRule } from '../faults/script.ts';
import { MAX_COLUMNS, type Column, type Lane, type Table } from './table.ts';
import { cellPlan, rowKey } from '../oracle/expected.ts';
import { iso, wallMs, type Timer, type SandboxState } from './state.ts';

/** Checks whether a run requested a cell that is not queued yet. */
export const isExpected = ({ expected }: Table, column: Column, slot: number): boolean =>
  expected.has(cellNumber(column, slot));

/** Lets everything happen that is due until then (API ms). Answers whether anything did. */
export function advance(state: SandboxState, toMs: number): boolean {
  let moved = false;
  for (;;) {
    const due = state.timers.peek();
    if (due === undefined || due.atMs > toMs) break;
    state.timers.pop();
    state.atMs = due.atMs;
    finish(state, due);
    moved = true;
  }
  state.atMs = Math.max(state.atMs, toMs);
  return moved;
}

export interface Asked {
  column: Column;
  slot: number;
}

/** Asks for the cells; each starts when everything upstream is done and there is a place. */
export function request(state: SandboxState, table: Table, cells: readonly Asked[]): void {
  const atMs = wallMs(state);
  for (const { column, slot } of cells) {
    if (waveOf(state, column) === undefined) table.move(column, slot, REQUESTED, atMs);
    else table.expected.set(cellNumber(column, slot), 0);
  }
  // Last, because a cell checks those upstream, which may have been requested again as well.
  for (const { column, slot } of cells) {
    const lagMs = waveOf(state, column)?.startLagMs;
    if (lagMs === undefined) enqueue(state, table, column, slot);
    else expect(state, table, column, slot, lagMs);
  }
  startReady(state, table);
}

const waveOf = ({ waveRules }: SandboxState, { config }: Column): WaveRule | undefined =>
  waveRules.find(({ columns }) => columns?.includes(config.key) ?? true);

/** The cell is queued so much later, once nothing upstream is missing. */
function expect(
  state: SandboxState,
  table: Table,
  column: Column,
  slot: number,
  lagMs: number,
): void {
  const cell = cellNumber(column, slot);
  if (table.expected.get(cell) !== 0 || !upstreamDone(table, column, slot)) return;
  state.planned += 1;
  table.expected.set(cell, state.planned);
  const atMs = state.atMs + lagMs * state.clock.speed;
  state.timers.push({ atMs, seq: state.planned, table, column, slot, queue: true });
}

function queue(state: SandboxState, { table, column, slot, seq }: Timer): void {
  const cell = cellNumber(column, slot);
  // Taken back meanwhile.
  if (table.expected.get(cell) !== seq) return;
  table.expected.delete(cell);
  if (table.removed || column.removed || (table.data[slot] ?? null) === null) return;
  const rule = waveOf(state, column);
  if (rule !== undefined) state.ledger.recordHit(rule.name);
  table.move(column, slot, REQUESTED, wallMs(state));
  enqueue(state, table, column, slot);
  startReady(state, table);
}

/** Puts a requested cell in line once nothing upstream is missing. */
function enqueue(state: SandboxState, table: Table, column: Column, slot: number): void {
  if (column.cells.statusAt(slot) !== REQUESTED || !upstreamDone(table, column, slot)) return;
  if (isStuck(state, table, column, slot)) return;
  laneOf(table, column).waiting.push(slot * MAX_COLUMNS + column.serial);
}

/** Starts what can start. System cells have places of their own: they are quick and free. */
export function startReady(state: SandboxState, table: Table): void {
  if (table.removed) return;
  for (const lane of [table.lanes.system, table.lanes.agent]) startReadyIn(state, table, lane);
}

function startReadyIn(state: SandboxState, table: Table, lane: Lane): void {
  while (lane.running < state.tunable.concurrency) {
    const cell = lane.waiting.peek();
    if (cell === undefined) return;
    const slot = Math.floor(cell / MAX_COLUMNS);
    const column = table.columnsMade[cell % MAX_COLUMNS];
    // The row or the column may be gone, or the cell asked for twice: then this place is stale.
    const startable =
      column !== undefined &&
      !column.removed &&
      table.data[slot] !== null &&
      column.cells.statusAt(slot) === REQUESTED &&
      upstreamDone(table, column, slot);
    if (startable && !start(state, table, column, slot)) {
      if (returnsQueued(state)) giveUpQueued(state, table);
      return;
    }
    lane.waiting.drop();
  }
}

/** `false` when the account cannot pay: the cell stays `requested`, and so does what is behind. */
function start(state: SandboxState, table: Table, column: Column, slot: number): boolean {
  const data = table.data[slot];
  if (data === undefined || data === null) return true;
  const price = priceOf(column);
  if (price > state.credits) return false;
  const { account } = table;
  state.credits -= price;
  account.cellsStarted += 1;
  if (price > 0) {
    const again = (column.cells.dones[slot] ?? 0) > 0;
    const outdated = column.cells.outdated.has(slot);
    account.cellsPaid += 1;
    account.cellsPaidAgain += again ? 1 : 0;
    account.cellsPaidOutdated += again && outdated ? 1 : 0;
    account.creditsSpent += price;
    state.ledger.note(() => ({
      event: 'paid',
      table: table.id,
      row: table.rowIds.id(slot),
      column: column.config.key,
      credits: price,
      again,
      outdated,
      at: iso(wallMs(state)),
    }));
    state.cellsPaid += 1;
    loseCredits(state);
  }
  table.move(column, slot, IN_PROGRESS, wallMs(state));
  // A stalled cell occupies no slot.
  if (!isStuck(state, table, column, slot)) schedule(state, table, column, slot, data);
  return true;
}

/** Starts the cell, which ends after its time. */
function schedule(
  state: SandboxState,
  table: Table,
  column: Column,
  slot: number,
  data: JsonObject,
): void {
  laneOf(table, column).running += 1;
  state.planned += 1;
  table.plans.set(cellNumber(column, slot), state.planned);
  const atMs = state.atMs + durationMs(state, column, slot, data);
  state.timers.push({ atMs, seq: state.planned, table, column, slot });
}

/** Spends credits like another user of the account. */
function loseCredits(state: SandboxState): void {
  for (const { name, goneAtPaidCells } of state.creditRules) {
    if (goneAtPaidCells !== state.cellsPaid) continue;
    state.creditsTaken.set(name, state.credits);
    state.credits = 0;
    state.ledger.recordHit(name);
  }
}

const returnsQueued = ({ creditRules, creditsTaken }: SandboxState): boolean =>
  creditRules.some(({ name, queued }) => queued === 'returned' && creditsTaken.has(name));

/** Withdraws cells that cannot be paid, as if never requested. */
function giveUpQueued(state: SandboxState, table: Table): void {
  for (const column of table.computed) {
    for (const slot of table.live) {
      table.expected.delete(cellNumber(column, slot));
      if (column.cells.statusAt(slot) !== REQUESTED) continue;
      table.held.delete(cellNumber(column, slot));
      table.move(column, slot, CREATED, wallMs(state));
    }
  }
}

const cellNumber = (column: Column, slot: number): number => slot * MAX_COLUMNS + column.serial;

/** Checks whether a fault script stalls the cell in its state, and records it. */
function isStuck(state: SandboxState, table: Table, column: Column, slot: number): boolean {
  const data = table.data[slot];
  const cell = cellNumber(column, slot);
  const { cellRules } = state.oracle;
  if (cellRules.length === 0 || data === undefined || data === null) return false;
  const { stuck } = cellPlan(state.oracle, rowKey(data), column.config);
  const status = column.cells.statusAt(slot) === REQUESTED ? 'requested' : 'in_progress';
  if (stuck?.at !== status || table.freed.has(cell)) return false;
  if (!table.held.has(cell)) {
    table.held.set(cell, 0);
    state.ledger.recordHit(stuck.name);
  }
  return true;
}

/** Requests stalled cells again; returns how many of them continue. */
export function nudge(state: SandboxState, table: Table, cells: readonly Asked[]): number {
  let moved = 0;
  for (const { column, slot } of cells) {
    const cell = cellNumber(column, slot);
    const nudges = (table.held.get(cell) ?? -1) + 1;
    if (nudges === 0) continue;
    table.held.set(cell, nudges);
    const wanted = cellPlan(state.oracle, rowKey(table.data[slot] ?? {}), column.config).stuck;
    if (wanted?.nudges == null || nudges < wanted.nudges) continue;
    table.freed.add(cell);
    release(state, table, cell);
    moved += 1;
  }
  startReady(state, table);
  return moved;
}

/** Releases the cells that changed rules allow. */
export function releaseFreed(state: SandboxState, table: Table): void {
  for (const cell of [...table.held.keys()]) release(state, table, cell);
  startReady(state, table);
}

/** Continues a cell from where it stalled, if it still does. */
function release(state: SandboxState, table: Table, cell: number): void {
  const slot = Math.floor(cell / MAX_COLUMNS);
  const column = table.columnsMade[cell % MAX_COLUMNS];
  const data = table.data[slot];
  table.held.delete(cell);
  if (column === undefined || column.removed || data === undefined || data === null) return;
  if (column.cells.statusAt(slot) === REQUESTED) enqueue(state, table, column, slot);
  const started = column.cells.statusAt(slot) === IN_PROGRESS;
  if (started && !isStuck(state, table, column, slot)) schedule(state, table, column, slot, data);
}

/**
 * Takes cells back: a queued one never begins; one that is in progress has been paid, and comes to
 * nothing.
 */
export function cancelCell(
  state: SandboxState,
  table: Table,
  cells: readonly Asked[],
): { waiting: number; running: number } {
  const taken = { waiting: 0, running: 0 };
  for (const { column, slot } of cells) {
    const status = column.cells.statusAt(slot);
    if (table.expected.delete(cellNumber(column, slot))) {
      taken.waiting += 1;
      continue;
    }
    if (status !== REQUESTED && status !== IN_PROGRESS) continue;
    taken[status === REQUESTED ? 'waiting' : 'running'] += 1;
    if (status === IN_PROGRESS) bump(column.cells.losses, slot);
    if (table.plans.delete(cellNumber(column, slot))) laneOf(table, column).running -= 1;
    table.move(column, slot, CREATED, wallMs(state));
  }
  startReady(state, table);
  return taken;
}

function finish(state: SandboxState, due: Timer): void {
  const { table, column, slot, seq } = due;
  if (due.queue === true) {
    queue(state, due);
    return;
  }
  const cell = cellNumber(column, slot);
  // The cell was withdrawn meanwhile, and maybe requested again.
  if (table.plans.get(cell) !== seq) return;
  table.plans.delete(cell);
  laneOf(table, column).running -= 1;
  const data = table.data[slot];
  if (table.removed) return;
  if (data !== undefined && data !== null && !column.removed) {
    const { alwaysFails, firstTryFails, failing } = cellPlan(
      state.oracle,
      rowKey(data),
      column.config,
    );
    const fails = alwaysFails || (firstTryFails && (column.cells.starts[slot] ?? 0) <= 1);
    table.move(column, slot, fails ? FAILED : DONE, wallMs(state));
    if (fails) {
      table.account.cellsFailed += 1;
      if (column.terms.failedCells === 'returned') returnToQueue(state, table, column);
      if (failing !== null) state.ledger.recordHit(failing.name);
      block(state, table, column, slot);
    } else {
      table.account.cellsDone += 1;
      addFoundPeople(state, table, column, slot);
      for (const next of column.downstream) {
        enqueue(state, table, next, slot);
        expect(state, table, next, slot, waveOf(state, next)?.gapMs ?? 0);
      }
    }
  }
  startReady(state, table);
}

/** The money for a cell that failed. */
function returnToQueue(state: SandboxState, { account }: Table, column: Column): void {
  const price = priceOf(column);
  state.credits += price;
  account.creditsSpent -= price;
}

/** Withdraws the cells that waited for a failed one. */
function block(state: SandboxState, table: Table, column: Column, slot: number): void {
  for (const next of column.downstream) {
    if (table.expected.delete(cellNumber(next, slot))) {
      block(state, table, next, slot);
      continue;
    }
    if (next.cells.statusAt(slot) !== REQUESTED) continue;
    table.move(next, slot, CREATED, wallMs(state));
    block(state, table, next, slot);
  }
}

const upstreamDone = (table: Table, column: Column, slot: number): boolean =>
  column.upstream.every(
    (other) => other.cells.statusAt(slot) === DONE && !table.expected.has(cellNumber(other, slot)),
  );

const laneOf = (table: Table, column: Column): Lane =>
  column.system ? table.lanes.system : table.lanes.agent;
