import { bump, CREATED, DONE, FAILED, IN_PROGRESS, REQUESTED } from './cells.ts';
import type { JsonObject } from './json.ts';
import { addFoundPeople } from './people.ts';
import { durationMs, priceOf } from './prices.ts';
import type { WaveRule } from './faults/script.ts';
import { MOST_COLUMNS, type Column, type Lane, type Table } from './table.ts';
import { fateOf, rowWord } from './truth.ts';
import { iso, wallMs, type Due, type World } from './world.ts';

/** Whether a run has asked for a cell that is not queued yet. */
export const isExpected = ({ expected }: Table, column: Column, slot: number): boolean =>
  expected.has(cellNumber(column, slot));

/** Lets everything happen that is due until then (API ms). Answers whether anything did. */
export function advance(world: World, toMs: number): boolean {
  let moved = false;
  for (;;) {
    const due = world.dues.peek();
    if (due === undefined || due.atMs > toMs) break;
    world.dues.pop();
    world.atMs = due.atMs;
    finish(world, due);
    moved = true;
  }
  world.atMs = Math.max(world.atMs, toMs);
  return moved;
}

export interface Asked {
  column: Column;
  slot: number;
}

/** Asks for the cells; each starts when everything upstream is done and there is a place. */
export function request(world: World, table: Table, cells: readonly Asked[]): void {
  const atMs = wallMs(world);
  for (const { column, slot } of cells) {
    if (waveOf(world, column) === undefined) table.move(column, slot, REQUESTED, atMs);
    else table.expected.set(cellNumber(column, slot), 0);
  }
  // Only now: a cell looks at the ones upstream, which may have been asked for again as well.
  for (const { column, slot } of cells) {
    const lagMs = waveOf(world, column)?.startLagMs;
    if (lagMs === undefined) line(world, table, column, slot);
    else expect(world, table, column, slot, lagMs);
  }
  pump(world, table);
}

const waveOf = ({ waveRules }: World, { config }: Column): WaveRule | undefined =>
  waveRules.find(({ columns }) => columns?.includes(config.key) ?? true);

/** The cell is queued so much later, once nothing upstream is missing. */
function expect(world: World, table: Table, column: Column, slot: number, lagMs: number): void {
  const cell = cellNumber(column, slot);
  if (table.expected.get(cell) !== 0 || !upstreamDone(table, column, slot)) return;
  world.planned += 1;
  table.expected.set(cell, world.planned);
  const atMs = world.atMs + lagMs * world.clock.speed;
  world.dues.push({ atMs, seq: world.planned, table, column, slot, queue: true });
}

function queue(world: World, { table, column, slot, seq }: Due): void {
  const cell = cellNumber(column, slot);
  // Taken back meanwhile.
  if (table.expected.get(cell) !== seq) return;
  table.expected.delete(cell);
  if (table.removed || column.removed || (table.data[slot] ?? null) === null) return;
  const rule = waveOf(world, column);
  if (rule !== undefined) world.ledger.fire(rule.name);
  table.move(column, slot, REQUESTED, wallMs(world));
  line(world, table, column, slot);
  pump(world, table);
}

/** Puts a requested cell in line once nothing upstream is missing. */
function line(world: World, table: Table, column: Column, slot: number): void {
  if (column.cells.statusAt(slot) !== REQUESTED || !upstreamDone(table, column, slot)) return;
  if (hangs(world, table, column, slot)) return;
  laneOf(table, column).waiting.push(slot * MOST_COLUMNS + column.serial);
}

/** Starts what can start. System cells have places of their own: they are quick and free. */
export function pump(world: World, table: Table): void {
  if (table.removed) return;
  for (const lane of [table.lanes.system, table.lanes.agent]) pumpLane(world, table, lane);
}

function pumpLane(world: World, table: Table, lane: Lane): void {
  while (lane.running < world.tunable.concurrency) {
    const cell = lane.waiting.peek();
    if (cell === undefined) return;
    const slot = Math.floor(cell / MOST_COLUMNS);
    const column = table.columnsMade[cell % MOST_COLUMNS];
    // The row or the column may be gone, or the cell asked for twice: then this place is stale.
    const startable =
      column !== undefined &&
      !column.removed &&
      table.data[slot] !== null &&
      column.cells.statusAt(slot) === REQUESTED &&
      upstreamDone(table, column, slot);
    if (startable && !start(world, table, column, slot)) {
      if (returnsQueued(world)) giveUpQueued(world, table);
      return;
    }
    lane.waiting.drop();
  }
}

/** `false` when the account cannot pay: the cell stays `requested`, and so does what is behind. */
function start(world: World, table: Table, column: Column, slot: number): boolean {
  const data = table.data[slot];
  if (data === undefined || data === null) return true;
  const price = priceOf(world, column);
  if (price > world.credits) return false;
  const { account } = table;
  world.credits -= price;
  account.cellsStarted += 1;
  if (price > 0) {
    const again = (column.cells.dones[slot] ?? 0) > 0;
    account.cellsPaid += 1;
    account.cellsPaidAgain += again ? 1 : 0;
    account.creditsSpent += price;
    world.ledger.note(() => ({
      event: 'paid',
      table: table.id,
      row: table.rowIds.id(slot),
      column: column.config.key,
      credits: price,
      again,
      at: iso(wallMs(world)),
    }));
    world.cellsPaid += 1;
    loseCredits(world);
  }
  table.move(column, slot, IN_PROGRESS, wallMs(world));
  // A cell that hangs takes nobody's place.
  if (!hangs(world, table, column, slot)) plan(world, table, column, slot, data);
  return true;
}

/** From here on it is under way, and comes out in its time. */
function plan(world: World, table: Table, column: Column, slot: number, data: JsonObject): void {
  laneOf(table, column).running += 1;
  world.planned += 1;
  table.plans.set(cellNumber(column, slot), world.planned);
  const atMs = world.atMs + durationMs(world, column, slot, data);
  world.dues.push({ atMs, seq: world.planned, table, column, slot });
}

/** As if somebody else had spent them. */
function loseCredits(world: World): void {
  for (const { name, goneAtPaidCells } of world.creditRules) {
    if (goneAtPaidCells !== world.cellsPaid) continue;
    world.creditsTaken.set(name, world.credits);
    world.credits = 0;
    world.ledger.fire(name);
  }
}

const returnsQueued = ({ creditRules, creditsTaken }: World): boolean =>
  creditRules.some(({ name, queued }) => queued === 'returned' && creditsTaken.has(name));

/** What cannot be paid is as if it had never been asked for. */
function giveUpQueued(world: World, table: Table): void {
  for (const column of table.computed) {
    for (const slot of table.live) {
      table.expected.delete(cellNumber(column, slot));
      if (column.cells.statusAt(slot) !== REQUESTED) continue;
      table.held.delete(cellNumber(column, slot));
      table.move(column, slot, CREATED, wallMs(world));
    }
  }
}

const cellNumber = (column: Column, slot: number): number => slot * MOST_COLUMNS + column.serial;

/** Whether a fault script holds the cell where it is now; notes those that it does. */
function hangs(world: World, table: Table, column: Column, slot: number): boolean {
  const data = table.data[slot];
  const cell = cellNumber(column, slot);
  const { cellRules } = world.oracle;
  if (cellRules.length === 0 || data === undefined || data === null) return false;
  const { stuck } = fateOf(world.oracle, rowWord(data), column.config);
  const status = column.cells.statusAt(slot) === REQUESTED ? 'requested' : 'in_progress';
  if (stuck?.at !== status || table.freed.has(cell)) return false;
  if (!table.held.has(cell)) {
    table.held.set(cell, 0);
    world.ledger.fire(stuck.name);
  }
  return true;
}

/** A run asks for cells that hang; answers how many of them move on. */
export function nudge(world: World, table: Table, cells: readonly Asked[]): number {
  let moved = 0;
  for (const { column, slot } of cells) {
    const cell = cellNumber(column, slot);
    const nudges = (table.held.get(cell) ?? -1) + 1;
    if (nudges === 0) continue;
    table.held.set(cell, nudges);
    const wanted = fateOf(world.oracle, rowWord(table.data[slot] ?? {}), column.config).stuck;
    if (wanted?.nudges == null || nudges < wanted.nudges) continue;
    table.freed.add(cell);
    release(world, table, cell);
    moved += 1;
  }
  pump(world, table);
  return moved;
}

/** After the rules have changed. */
export function releaseFreed(world: World, table: Table): void {
  for (const cell of [...table.held.keys()]) release(world, table, cell);
  pump(world, table);
}

/** The cell goes on from where it hangs, if it still does. */
function release(world: World, table: Table, cell: number): void {
  const slot = Math.floor(cell / MOST_COLUMNS);
  const column = table.columnsMade[cell % MOST_COLUMNS];
  const data = table.data[slot];
  table.held.delete(cell);
  if (column === undefined || column.removed || data === undefined || data === null) return;
  if (column.cells.statusAt(slot) === REQUESTED) line(world, table, column, slot);
  const started = column.cells.statusAt(slot) === IN_PROGRESS;
  if (started && !hangs(world, table, column, slot)) plan(world, table, column, slot, data);
}

/**
 * Takes cells back: a queued one never begins; one that is under way has been paid, and comes to
 * nothing.
 */
export function withdraw(
  world: World,
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
    table.move(column, slot, CREATED, wallMs(world));
  }
  pump(world, table);
  return taken;
}

function finish(world: World, due: Due): void {
  const { table, column, slot, seq } = due;
  if (due.queue === true) {
    queue(world, due);
    return;
  }
  const cell = cellNumber(column, slot);
  // Taken back meanwhile, and maybe asked for anew.
  if (table.plans.get(cell) !== seq) return;
  table.plans.delete(cell);
  laneOf(table, column).running -= 1;
  const data = table.data[slot];
  if (table.removed) return;
  if (data !== undefined && data !== null && !column.removed) {
    const { hopeless, firstTryFails, failing } = fateOf(world.oracle, rowWord(data), column.config);
    const fails = hopeless || (firstTryFails && (column.cells.starts[slot] ?? 0) <= 1);
    table.move(column, slot, fails ? FAILED : DONE, wallMs(world));
    if (fails) {
      table.account.cellsFailed += 1;
      if (world.extruct.failedCells === 'returned') giveBack(world, table, column);
      if (failing !== null) world.ledger.fire(failing.name);
      block(world, table, column, slot);
    } else {
      table.account.cellsDone += 1;
      addFoundPeople(world, table, column, slot);
      for (const next of column.downstream) {
        line(world, table, next, slot);
        expect(world, table, next, slot, waveOf(world, next)?.gapMs ?? 0);
      }
    }
  }
  pump(world, table);
}

/** The money for a cell that failed. */
function giveBack(world: World, { account }: Table, column: Column): void {
  const price = priceOf(world, column);
  world.credits += price;
  account.creditsSpent -= price;
}

/** What waited for a failed cell is not asked for any more. */
function block(world: World, table: Table, column: Column, slot: number): void {
  for (const next of column.downstream) {
    if (table.expected.delete(cellNumber(next, slot))) {
      block(world, table, next, slot);
      continue;
    }
    if (next.cells.statusAt(slot) !== REQUESTED) continue;
    table.move(next, slot, CREATED, wallMs(world));
    block(world, table, next, slot);
  }
}

const upstreamDone = (table: Table, column: Column, slot: number): boolean =>
  column.upstream.every(
    (other) => other.cells.statusAt(slot) === DONE && !table.expected.has(cellNumber(other, slot)),
  );

const laneOf = (table: Table, column: Column): Lane =>
  column.system ? table.lanes.system : table.lanes.agent;
