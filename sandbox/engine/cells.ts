import type { Json } from '../json.ts';

/** Cell words of the wire, by the number they are kept under. */
export const CELL_STATUSES = ['created', 'requested', 'in_progress', 'done', 'failed'] as const;

export type CellStatus = (typeof CELL_STATUSES)[number];

export const CREATED = 0;
export const REQUESTED = 1;
export const IN_PROGRESS = 2;
export const DONE = 3;
export const FAILED = 4;

const FIRST_CAPACITY = 64;

/**
 * The cells of one column, 21 bytes each. Values are not here: they follow from row and config
 * (see oracle/expected.ts), except those frozen because row or config changed afterwards.
 */
export class Cells {
  status = new Uint8Array(FIRST_CAPACITY);
  /** Number of times each cell was started, done, and failed. */
  starts = new Uint8Array(FIRST_CAPACITY);
  dones = new Uint8Array(FIRST_CAPACITY);
  fails = new Uint8Array(FIRST_CAPACITY);
  /** Number of times each cell was withdrawn while in progress. */
  losses = new Uint8Array(FIRST_CAPACITY);
  /** Epoch ms of the last start and the last change; 0 = never. */
  startedAtMs = new Float64Array(FIRST_CAPACITY);
  updatedAtMs = new Float64Array(FIRST_CAPACITY);
  readonly frozen = new Map<number, Json>();
  /** Values that cells in progress will end with: row or config changed after their start. */
  readonly overtaken = new Map<number, Json>();
  /** Cells whose answer follows from an earlier row or config. */
  readonly outdated = new Set<number>();

  reserve(rows: number): void {
    if (rows <= this.status.length) return;
    const capacity = Math.max(rows, this.status.length * 2);
    this.status = grown(this.status, new Uint8Array(capacity));
    this.starts = grown(this.starts, new Uint8Array(capacity));
    this.dones = grown(this.dones, new Uint8Array(capacity));
    this.fails = grown(this.fails, new Uint8Array(capacity));
    this.losses = grown(this.losses, new Uint8Array(capacity));
    this.startedAtMs = grown(this.startedAtMs, new Float64Array(capacity));
    this.updatedAtMs = grown(this.updatedAtMs, new Float64Array(capacity));
  }

  /** Takes over a cell that is done or failed. */
  copyCell(from: Cells, slot: number, to: number): void {
    const status = from.statusAt(slot);
    if (status !== DONE && status !== FAILED) return;
    this.status[to] = status;
    this.starts[to] = from.starts[slot] ?? 0;
    this.updatedAtMs[to] = from.updatedAtMs[slot] ?? 0;
    const frozen = from.frozen.get(slot);
    if (frozen !== undefined) this.frozen.set(to, frozen);
  }

  statusAt(slot: number): number {
    return this.status[slot] ?? CREATED;
  }
}

function grown<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Increments a byte, up to 255. */
export const bump = (counts: Uint8Array, slot: number): number => {
  const next = Math.min((counts[slot] ?? 0) + 1, 255);
  counts[slot] = next;
  return next;
};
