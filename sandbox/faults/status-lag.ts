import type { Outgoing } from '../intercept.ts';
import type { Json } from '../json.ts';
import { tableStatus } from '../render.ts';
import type { TableStatus } from '../wire.ts';
import type { World } from '../world.ts';
import { changed } from './bodies.ts';
import type { RequestRule } from './script.ts';

type LagRule = Extract<RequestRule, { fault: 'status-lag' }>;

interface Reading {
  atMs: number;
  status: TableStatus;
}

/** Readings of one table that are kept; the oldest go first. */
const MOST_READINGS = 1_000;

/** What the status of each table was, as far as requests came by to notice. */
export class StatusPast {
  readonly #readings = new Map<string, Reading[]>();

  note(world: World, tableId: string, atMs: number): void {
    const table = world.tables.get(tableId);
    if (table === undefined) return;
    const readings = this.#readings.get(tableId) ?? [];
    readings.push({ atMs, status: tableStatus(world, table) });
    if (readings.length > MOST_READINGS) readings.shift();
    this.#readings.set(tableId, readings);
  }

  /** The newest reading that is as old; the oldest one when none is. */
  at(tableId: string, atMs: number): TableStatus | null {
    const readings = this.#readings.get(tableId) ?? [];
    return (readings.findLast((one) => one.atMs <= atMs) ?? readings[0])?.status ?? null;
  }
}

/** The reply with the status of a while ago, where it holds one. */
export const withOldStatus = (
  reply: Outgoing,
  old: TableStatus | null,
  counts: LagRule['counts'],
): Outgoing =>
  changed(reply, (value) => {
    if (old === null || typeof value !== 'object' || value === null) return value;
    const now = Array.isArray(value) ? null : value['status'];
    if (Array.isArray(value) || typeof now !== 'object' || now === null) return value;
    if (Array.isArray(now)) return value;
    const status: Json = { ...now, ...(counts === 'all' ? old : cellsOf(old)) };
    return { ...value, status };
  });

const cellsOf = (status: TableStatus): Partial<TableStatus> => ({
  num_cells_completed: status.num_cells_completed,
  num_cells_in_progress: status.num_cells_in_progress,
  run_status: status.run_status,
});
